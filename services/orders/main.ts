import { databaseEnvironment, readEnvironment, serviceEnvironment } from "../shared/config.ts";
import { awaitDatabase, openDatabase } from "../shared/database.ts";
import { Health } from "../shared/health.ts";
import { createLogger } from "../shared/logging.ts";
import { serve } from "../shared/server.ts";
import { createApp } from "./app.ts";
import type { OrdersDatabase } from "./database.ts";

const environment = readEnvironment(serviceEnvironment.extend(databaseEnvironment.shape));
const logger = createLogger("orders", environment.LOG_LEVEL);
const health = new Health();
const db = openDatabase<OrdersDatabase>("orders", environment, logger);
const app = createApp({ logger, health, drills: environment.DRILLS, db });
await awaitDatabase(db, logger);
await serve(app, { environment, health, logger, close: [() => db.destroy()] });
