import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestClient } from "./client.ts";
import type { TestOutputs } from "./outputs.ts";
import { pidOf } from "./processes.ts";
import { eventually } from "./wait.ts";
import type { Configuration, Edit } from "./traefik-edits.ts";

/** The gateway of a local platform, which can be started again on a changed configuration. */
export class EditedGateway {
  readonly #outputs: TestOutputs;
  readonly #state: string;
  /** The files as the platform wrote them. */
  readonly #whole: Readonly<Record<keyof Configuration, string>>;

  constructor(outputs: TestOutputs, state: string) {
    this.#outputs = outputs;
    this.#state = state;
    this.#whole = {
      static: readFileSync(this.#file("static"), "utf8"),
      dynamic: readFileSync(this.#file("dynamic"), "utf8"),
    };
  }

  /** Starts it again with its own configuration but for a change. */
  async restart(edit: Edit): Promise<void> {
    const configuration = {
      static: JSON.parse(this.#whole.static) as Configuration["static"],
      dynamic: JSON.parse(this.#whole.dynamic) as Configuration["dynamic"],
    };
    edit(configuration);
    for (const kind of ["static", "dynamic"] as const)
      writeFileSync(this.#file(kind), JSON.stringify(configuration[kind]));
    const former = pidOf("gateway", this.#state);
    process.kill(former, "SIGKILL");
    await eventually("another gateway", () => pidOf("gateway", this.#state) !== former);
    await eventually("its answer", async () => {
      const answer = await new TestClient({ outputs: this.#outputs })
        .get("/openapi.json")
        .catch(() => undefined);
      return answer?.status === 200;
    });
  }

  #file(kind: keyof Configuration): string {
    return join(this.#state, `traefik/${kind}.yml`);
  }
}
