import { z } from "zod";
import { databaseEnvironment, readEnvironment, serviceEnvironment } from "../shared/config.ts";
import { awaitDatabase, openDatabase } from "../shared/database.ts";
import { Health } from "../shared/health.ts";
import { openInternalClient } from "../shared/internal-client.ts";
import { createLogger } from "../shared/logging.ts";
import { serve } from "../shared/server.ts";
import { createApp } from "./app.ts";
import type { ProductsDatabase } from "./database.ts";
import { createDelivery } from "./delivery.ts";

const environment = readEnvironment(
  serviceEnvironment.extend(databaseEnvironment.shape).extend({
    /** Base URL of the orders service. */
    ORDERS_URL: z.url({ protocol: /^https$/ }),
  }),
);
const logger = createLogger("products", environment.LOG_LEVEL);
const health = new Health();
const db = openDatabase<ProductsDatabase>("products", environment, logger);
const orders = openInternalClient(environment, {
  service: "orders",
  url: environment.ORDERS_URL,
  timeout: 3_000,
});
const delivery = createDelivery(db, orders, logger);
const app = createApp({ logger, health, drills: environment.DRILLS, db, delivery });
const recovery = delivery.startRecovery();
await awaitDatabase(db, logger);
await serve(app, {
  environment,
  health,
  logger,
  close: [() => recovery.stop(), () => orders.close(), () => db.destroy()],
});
