import { createBase } from "../shared/base.ts";
import { databaseEnvironment, readEnvironment, serviceEnvironment } from "../shared/config.ts";
import { awaitDatabase, openDatabase } from "../shared/database.ts";
import { serve } from "../shared/server.ts";
import { createApp } from "./app.ts";
import type { OrdersDatabase } from "./database.ts";

const environment = readEnvironment(serviceEnvironment.extend(databaseEnvironment.shape));
const base = await createBase("orders", environment);
const db = openDatabase<OrdersDatabase>("orders", environment, base);
const app = createApp({ ...base, db });
await awaitDatabase(db, base.logger);
await serve(app, { ...base, close: [() => db.destroy()] });
