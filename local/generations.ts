import type { AllGenerations, Kind, Ring } from "../rotation/ring.ts";
import { allGenerationsText, writeGenerations } from "../rotation/ring.ts";
import type { StateFolder } from "./state.ts";

const FILE = "generations.json";

/**
 * Which generations of certificates, keys and logins a local platform runs on. What is written down is what every
 * process has taken: a move that did not come to its end is made again, by the next rotation or the next start.
 */
export class LocalGenerations {
  readonly #folder: StateFolder;
  #applied: AllGenerations;
  #wanted: AllGenerations;

  constructor(folder: StateFolder) {
    this.#folder = folder;
    const text = folder.keep(FILE, () => JSON.stringify(writeGenerations(allGenerationsText.parse({}))));
    this.#applied = allGenerationsText.parse(JSON.parse(text));
    this.#wanted = this.#applied;
  }

  /** What every process has taken. */
  get applied(): AllGenerations {
    return this.#applied;
  }

  /** What a process that starts now is to take. */
  wanted(kind: Kind): Ring {
    return this.#wanted[kind];
  }

  /** Moves to a ring, and notes it once it was applied everywhere. */
  async move(kind: Kind, ring: Ring, apply: () => Promise<void>): Promise<void> {
    this.#wanted = { ...this.#wanted, [kind]: ring };
    await apply();
    this.#applied = { ...this.#applied, [kind]: ring };
    this.#folder.write(FILE, JSON.stringify(writeGenerations(this.#applied)));
  }
}
