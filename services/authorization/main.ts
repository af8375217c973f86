import { z } from "zod";
import { createBase } from "../shared/base.ts";
import { databaseEnvironment, readEnvironment, serviceEnvironment } from "../shared/config.ts";
import { awaitDatabase, openDatabase } from "../shared/database.ts";
import { serve } from "../shared/server.ts";
import { createApp } from "./app.ts";
import type { AuthorizationDatabase } from "./database.ts";

const environment = readEnvironment(
  serviceEnvironment.extend(databaseEnvironment.shape).extend({
    /** Status for a signed-in user who lacks the role. */
    ROLE_REFUSAL_STATUS: z.literal(["401", "403"]).default("401"),
  }),
);
const base = await createBase("authorization", environment);
const db = openDatabase<AuthorizationDatabase>("authorization", environment, base);
const app = createApp({
  ...base,
  db,
  refusalStatus: environment.ROLE_REFUSAL_STATUS === "401" ? 401 : 403,
});
await awaitDatabase(db, base.logger);
await serve(app, { ...base, close: [() => db.destroy()] });
