import { buy } from "./buy.ts";
import { handshakes } from "./handshakes.ts";
import { loginFlood } from "./login-flood.ts";
import { offeredLoad } from "./offered-load.ts";
import type { Part } from "./part.ts";
import { replicas } from "./replicas.ts";
import { start } from "./start.ts";

/** What is measured of the platform by itself. */
export const parts: readonly Part[] = [handshakes, loginFlood, buy, replicas, offeredLoad, start];
