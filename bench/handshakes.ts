import { readFileSync } from "node:fs";
import { ask } from "./ask.ts";
import type { Stage } from "./stage.ts";

/** TLS handshakes that the authentication service has completed so far, this look among them. */
export async function handshakes(stage: Stage): Promise<number> {
  const { cert, key } = stage.certificate("prometheus");
  const { body } = await ask(`https://localhost:${stage.port("authentication-1")}/metrics`, {
    ca: readFileSync(stage.ca),
    cert: readFileSync(cert),
    key: readFileSync(key),
  });
  const count = /^gatehouse_tls_handshakes_total(?:\{.*\})? (\d+)$/m.exec(body)?.[1];
  if (count === undefined) throw new Error("the authentication service does not count handshakes");
  return Number(count);
}
