import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { quantile } from "../../tests/support/quantile.ts";
import { Compartment, NoRoom } from "./compartment.ts";

const PATIENCE = 200;
const HASTE = 20;

/** Room for one piece of work at once, and work that takes some milliseconds. */
function openRoom(waiting = 1_000) {
  const compartment = new Compartment({ atOnce: 1, waiting, patience: PATIENCE, haste: HASTE });
  const done: number[] = [];
  return {
    done,
    /** @returns milliseconds until it was done, or how long it took to hear that there is no room */
    async ask(name: number, duration: number): Promise<{ waited: number; served: boolean }> {
      const start = performance.now();
      try {
        await compartment.run(async () => {
          await sleep(duration);
          done.push(name);
        });
        return { waited: performance.now() - start, served: true };
      } catch (error) {
        if (!(error instanceof NoRoom)) throw error;
        return { waited: performance.now() - start, served: false };
      }
    },
  };
}

describe("a compartment", () => {
  it("works off a burst in the order in which it came, however long that takes within its patience", async () => {
    const room = openRoom();
    const burst = await Promise.all([0, 1, 2, 3, 4].map((name) => room.ask(name, 25)));
    expect(burst.map(({ served }) => served)).toEqual([true, true, true, true, true]);
    expect(room.done).toEqual([0, 1, 2, 3, 4]);
    expect(burst.at(-1)?.waited).toBeGreaterThan(HASTE);
  });

  it("refuses soon once its queue has not been empty for long, and is busy all the same", async () => {
    const room = openRoom();
    const asked: Promise<{ waited: number; served: boolean }>[] = [];
    const start = performance.now();
    // Four times what it can do.
    for (let name = 0; performance.now() - start < 6 * PATIENCE; name++) {
      asked.push(room.ask(name, 10));
      await sleep(2.5);
    }
    const answers = await Promise.all(asked.slice(Math.floor(asked.length / 2)));
    const refused = answers.filter(({ served }) => !served).map(({ waited }) => waited);
    expect(refused.length).toBeGreaterThan(answers.length / 3);
    expect(quantile(refused, 0.5)).toBeLessThan(PATIENCE / 2);
    expect(answers.length - refused.length).toBeGreaterThan(10);
  });

  it("has its patience again after the overload", async () => {
    const room = openRoom();
    const flood: Promise<unknown>[] = [];
    for (let name = 0; name < 150; name++) {
      flood.push(room.ask(name, 10));
      await sleep(2);
    }
    await Promise.all(flood);
    await sleep(3 * HASTE);
    const burst = await Promise.all([0, 1, 2, 3, 4].map((name) => room.ask(name, 25)));
    expect(burst.map(({ served }) => served)).toEqual([true, true, true, true, true]);
  });

  it("refuses at once where too many wait, and gives the place of what fails to the next", async () => {
    const compartment = new Compartment({ atOnce: 1, waiting: 1, patience: 60_000, haste: 60_000 });
    const fails = compartment.run(async () => {
      await sleep(5);
      throw new Error("a bug");
    });
    const waits = compartment.run(() => Promise.resolve("done"));
    await expect(compartment.run(() => Promise.resolve("never"))).rejects.toThrow(NoRoom);
    await expect(fails).rejects.toThrow("a bug");
    await expect(waits).resolves.toBe("done");
    await expect(compartment.run(() => Promise.resolve("again"))).resolves.toBe("again");
  });
});
