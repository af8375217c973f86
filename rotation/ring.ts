import { z } from "zod";

/**
 * The generations of one kind of secret that are accepted, the one in use first. A rotation is a walk from one such
 * list to the next: `[1]`, introduce `[1, 2]`, use `[2, 1]`, retire `[2]`. The list alone says how far it is, so that
 * whoever finds it can go on, or back.
 */
export type Ring = readonly [inUse: number, ...others: number[]];

/** What can be rotated. */
export const KINDS = ["ca", "leaves", "signing-keys", "database-passwords"] as const;
export type Kind = (typeof KINDS)[number];

/** How far every kind is that a platform has: without a password anywhere, passwords are none. */
export type Generations = Readonly<Partial<Record<Kind, Ring | undefined>>>;

/** One state's way to the next, or back. */
export interface Step {
  readonly phase: "introduce" | "use" | "retire" | "replace" | "withdraw" | "return";
  readonly ring: Ring;
}

const generation = z.coerce.number<string>().int().min(1);
const list = z
  .string()
  .transform((text) => text.split(",") as [string, ...string[]])
  .pipe(z.tuple([generation], generation))
  .refine((ring) => ring.length <= 2 && new Set(ring).size === ring.length, {
    message: "expected one generation, or two different ones with the one in use first, such as 1 or 2,1",
  });

/** A ring as configurations and answers write it: `2,1`. */
export const ringText = z.coerce.string().pipe(list);

/** Leaves are replaced at once: there is never more than one generation of them. */
const leavesText = ringText.refine((ring) => ring.length === 1, { message: "expected one generation" });

/** Rings by kind, as a platform tells how far each is. */
export const generationsText = z
  .strictObject({
    ca: ringText,
    leaves: leavesText,
    "signing-keys": ringText,
    "database-passwords": ringText,
  })
  .partial();

/** Rings by kind, as a configuration says how far each is to be: where it says nothing, nothing was ever rotated. */
export const allGenerationsText = z.strictObject({
  ca: ringText.default([1]),
  leaves: leavesText.default([1]),
  "signing-keys": ringText.default([1]),
  "database-passwords": ringText.default([1]),
});
export type AllGenerations = Readonly<z.infer<typeof allGenerationsText>>;

/** Generations as {@link generationsText} reads them. */
export function writeGenerations(generations: Generations): Partial<Record<Kind, string>> {
  const rings = Object.entries(generations).filter((entry): entry is [Kind, Ring] => entry[1] !== undefined);
  return Object.fromEntries(rings.map(([kind, ring]) => [kind, ring.join()]));
}

/** What comes next. Leaves need no introduction: whoever checks one trusts the CA that signs both. */
export function nextStep(kind: Kind, [inUse, other]: Ring): Step {
  if (kind === "leaves") return { phase: "replace", ring: [inUse + 1] };
  if (other === undefined) return { phase: "introduce", ring: [inUse, inUse + 1] };
  if (other > inUse) return { phase: "use", ring: [other, inUse] };
  return { phase: "retire", ring: [inUse] };
}

/** What undoes the last step; undefined where nothing is left to go back to. */
export function previousStep([inUse, other]: Ring): Step | undefined {
  if (other === undefined) return undefined;
  if (other > inUse) return { phase: "withdraw", ring: [inUse] };
  return { phase: "return", ring: [other, inUse] };
}

/** Whether all has been done that was begun: one generation is accepted, and in use. */
export function isComplete(ring: Ring): boolean {
  return ring.length === 1;
}

/** Whether one step, on or back, leads from a ring to the other; staying is none but harmless. */
export function isNeighbour(kind: Kind, from: Ring, to: Ring): boolean {
  return [from, nextStep(kind, from).ring, previousStep(from)?.ring].some(
    (ring) => ring?.join() === to.join(),
  );
}
