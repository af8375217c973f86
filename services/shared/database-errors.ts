/** SQLSTATE of an error of the database, where it is one. */
export function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/**
 * Whether a transaction met another and must be run again. 40001 says so, 40P01 that it was chosen to end a
 * deadlock, and 23505 (a unique key is taken) stands in for 40001 where PostgreSQL sees the key before the
 * conflict (PostgreSQL documentation, "Serialization Failure Handling").
 */
export function isSerializationFailure(error: unknown): boolean {
  return ["40001", "40P01", "23505"].includes(sqlState(error) ?? "");
}

const unavailableStates = new Set([
  "08000",
  "08001",
  "08003",
  "08004",
  "08006", // connection failures
  "57P01",
  "57P02",
  "57P03", // the server stops, crashed or starts
  "53100",
  "53200", // its disk or memory is full
  "53300",
  "53400", // too many connections
  "57014", // the statement timeout
  "25P03",
  "25P04", // the transaction's timeouts
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** What node-postgres says, without a code, of a connection that it lost, did not get or heard nothing on. */
const unavailableMessages =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout/;

/** Whether a text of the request cannot be stored: SQLSTATE 22021, which a null character gives. */
export function isUnstorableText(error: unknown): boolean {
  return sqlState(error) === "22021";
}

/** Whether the database or the way to it failed, so that the same request may succeed later. */
export function isUnavailable(error: unknown): boolean {
  if (unavailableStates.has(sqlState(error) ?? "") || isSerializationFailure(error)) return true;
  const { name, message } = error instanceof Error ? error : { name: "", message: "" };
  return name === "PoolExhausted" || unavailableMessages.test(message);
}
