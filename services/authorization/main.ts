import { z } from "zod";
import { databaseEnvironment, readEnvironment, serviceEnvironment } from "../shared/config.ts";
import { awaitDatabase, openDatabase } from "../shared/database.ts";
import { Health } from "../shared/health.ts";
import { createLogger } from "../shared/logging.ts";
import { serve } from "../shared/server.ts";
import { createApp } from "./app.ts";
import type { AuthorizationDatabase } from "./database.ts";

const environment = readEnvironment(
  serviceEnvironment.extend(databaseEnvironment.shape).extend({
    /** Status for a signed-in user who lacks the role. */
    ROLE_REFUSAL_STATUS: z.literal(["401", "403"]).default("401"),
  }),
);
const logger = createLogger("authorization", environment.LOG_LEVEL);
const health = new Health();
const db = openDatabase<AuthorizationDatabase>("authorization", environment, logger);
const app = createApp({
  logger,
  health,
  drills: environment.DRILLS,
  db,
  refusalStatus: environment.ROLE_REFUSAL_STATUS === "401" ? 401 : 403,
});
await awaitDatabase(db, logger);
await serve(app, { environment, health, logger, close: [() => db.destroy()] });
