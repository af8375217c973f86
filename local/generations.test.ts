import { expect, it } from "vitest";
import { LocalGenerations } from "./generations.ts";
import { StateFolder } from "./state.ts";
import { temporaryFolder } from "./testing.ts";

const applying = () => Promise.resolve();

it("notes a step once it was taken everywhere, for this run and the next", async () => {
  const folder = await StateFolder.open(temporaryFolder());
  const generations = new LocalGenerations(folder);
  await generations.move("ca", [1, 2], () => {
    // What starts meanwhile takes the step, but it is not done yet.
    expect(generations.wanted("ca")).toEqual([1, 2]);
    expect(generations.applied.ca).toEqual([1]);
    return applying();
  });
  expect(generations.applied.ca).toEqual([1, 2]);
  expect(new LocalGenerations(folder).applied).toEqual(generations.applied);
});

it("forgets a step that was not taken everywhere, so that it is taken again", async () => {
  const folder = await StateFolder.open(temporaryFolder());
  const generations = new LocalGenerations(folder);
  const failing = () => Promise.reject(new Error("orders-2 did not get ready"));
  await expect(generations.move("leaves", [2], failing)).rejects.toThrow("did not get ready");
  expect(generations.applied.leaves).toEqual([1]);
  expect(new LocalGenerations(folder).wanted("leaves")).toEqual([1]);
  await generations.move("leaves", [2], applying);
  expect(generations.applied.leaves).toEqual([2]);
});
