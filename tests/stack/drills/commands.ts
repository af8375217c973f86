import type { Drill } from "./drill.ts";
import { calm } from "./drill.ts";

/** `npm run attack` against the stack: every case holds. */
export const attack: Drill = async (context) => {
  await calm(context);
  await context.program("attack");
  return "every attack held";
};

/** `npm run chaos` against the stack: a pod of each kind is lost, and no accepted buy is lost or made twice. */
export const chaos: Drill = async (context) => {
  await calm(context);
  await context.program("chaos");
  await calm(context);
  return "nothing lost, nothing twice";
};
