import { backup } from "./backup.ts";
import { centralLimits } from "./central-limits.ts";
import type { Drill } from "./drill.ts";
import { attack, chaos } from "./commands.ts";
import { externalDatabase } from "./external-database.ts";
import { limitedRequests } from "./limits.ts";
import { isolation } from "./network.ts";
import { observability } from "./observability.ts";
import { deletedPods, rollingUpdates } from "./pods.ts";
import { brokenPod } from "./restart.ts";
import { rotation } from "./rotation.ts";
import { scaling } from "./scaling.ts";
import { hiddenSecrets } from "./secrets.ts";
import { rememberedSessions } from "./sessions.ts";

/** All drills, in the order in which they disturb each other least. */
export const drills: Readonly<Record<string, Drill>> = {
  network: isolation,
  pods: deletedPods,
  restart: brokenPod,
  updates: rollingUpdates,
  scaling,
  limits: limitedRequests,
  secrets: hiddenSecrets,
};

/**
 * Drills that take minutes or many updates of the stack: these are run where they are named, not with all others. Those that
 * rotate the CA are last, for the others trust the first.
 */
export const longDrills: Readonly<Record<string, Drill>> = {
  attack,
  backup,
  "central-limits": centralLimits,
  chaos,
  observability,
  rotation,
  sessions: rememberedSessions,
  "external-database": externalDatabase,
};
