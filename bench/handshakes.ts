import { ask } from "./ask.ts";
import type { ClientTls } from "../tests/support/trial.ts";

/** TLS handshakes that a process of a service has completed so far, this look among them. */
export async function handshakes(url: string, tls: ClientTls): Promise<number> {
  const { body } = await ask(`${url}/metrics`, { ...tls });
  const count = /^gatehouse_tls_handshakes_total(?:\{.*\})? (\d+)$/m.exec(body)?.[1];
  if (count === undefined) throw new Error("the service does not count handshakes");
  return Number(count);
}
