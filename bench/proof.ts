import { readFileSync } from "node:fs";
import { waitFor } from "../local/wait.ts";
import { ask } from "./ask.ts";
import { answer } from "./servers/answer.ts";
import type { Stage } from "./stage.ts";
import { PATH } from "./stage.ts";
import type { RunningSubject, Subject } from "./subject.ts";

/**
 * Proves, before anything is measured, that a subject gives the answer and keeps what it guarantees.
 * @throws Error that says what it does instead
 */
export async function prove(subject: Subject, running: RunningSubject, stage: Stage): Promise<void> {
  const ca = readFileSync(stage.ca);
  const get = (cookie: string | undefined, client = running.client) =>
    ask(`${running.url}${PATH}`, { ca, ...client, headers: cookie === undefined ? {} : { cookie } });
  const expected = JSON.stringify(answer);

  // A gateway listens before it has read its routes.
  let last = "";
  await waitFor(`the answer of ${subject.name}`, 10_000, async () => {
    const { status, body } = await get(stage.sessions.active).catch((error: unknown) => {
      return { status: 0, body: String(error) };
    });
    last = `${status} ${body}`;
    return status === 200 && body.trim() === expected;
  }).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}, but ${last}`);
  });
  const statuses = {
    "without a token": (await get(undefined)).status,
    "of an ended session": (await get(stage.sessions.ended)).status,
    "without a client certificate": (await get(stage.sessions.active, {})).status,
  };
  const wanted = {
    none: [200, 200, 200],
    caller: [200, 200, 403],
    token: [401, 200, 200],
    revocation: [401, 401, 200],
  }[subject.guarantee];
  Object.entries(statuses).forEach(([what, status], index) => {
    if (status === wanted[index]) return;
    throw new Error(`${subject.name} answers a request ${what} with ${status}, not ${wanted[index] ?? "?"}`);
  });
  if (subject.guarantee === "revocation") await proveRevocation(subject, stage, get);
}

/** A session that was let in again and again is let in no more once its end is answered. */
async function proveRevocation(
  subject: Subject,
  stage: Stage,
  get: (cookie: string) => Promise<{ status: number }>,
): Promise<void> {
  const { cookie, end } = await stage.newSession();
  const statusOf = async () => (await get(cookie)).status;
  const before = [await statusOf(), await statusOf(), await statusOf()];
  await end();
  const after = [await statusOf(), await statusOf(), await statusOf()];
  const told = [...before, ...after].join(", ");
  if (told !== "200, 200, 200, 401, 401, 401")
    throw new Error(`${subject.name} answers a session before and after its end with ${told}`);
}
