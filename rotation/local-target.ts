import { join } from "node:path";
import { Agent, request } from "undici";
import { generationsText } from "./ring.ts";
import type { Target } from "./rotate.ts";
import { RotationError } from "./error.ts";

/** The platform that runs on a state folder of this machine, through its control socket. */
export function localTarget(state: string): Target & { close(): Promise<void> } {
  const socketPath = join(state, "control.sock");
  // A step takes as long as it takes: every process is restarted in turn.
  const agent = new Agent({ connect: { socketPath }, headersTimeout: 0 });

  async function ask(method: "GET" | "PUT", path: string, body?: string): Promise<string> {
    const answer = await request(`http://localhost${path}`, {
      dispatcher: agent,
      method,
      ...(body === undefined ? {} : { body }),
    }).catch((cause: unknown) => {
      const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
      throw new RotationError(
        `no platform answers on ${socketPath} (${reason}): start it with npm start, or name its folder with --state`,
      );
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 400) throw new RotationError(text);
    return text;
  }

  return {
    read: async () => generationsText.parse(JSON.parse(await ask("GET", "/generations"))),
    async apply(kind, ring) {
      await ask("PUT", `/generations/${kind}`, ring.join());
    },
    close: () => agent.close(),
  };
}
