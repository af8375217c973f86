import type { Attack, Family } from "./attack.ts";
import { edge } from "./edge.ts";
import { fields } from "./fields.ts";
import { flood } from "./flood.ts";
import { identity } from "./identity.ts";
import { login } from "./login.ts";
import { objects } from "./objects.ts";
import { paths } from "./paths.ts";
import { protocol } from "./protocol.ts";
import { reach } from "./reach.ts";
import { tokens } from "./tokens.ts";

/** Every attack, by family. */
export const attacks: readonly Attack[] = [
  ...identity,
  ...tokens,
  ...paths,
  ...protocol,
  ...edge,
  ...objects,
  ...fields,
  ...login,
  ...reach,
  ...flood,
];

/** All families, in the order in which they are run. */
export const families: readonly Family[] = [...new Set(attacks.map(({ family }) => family))];
