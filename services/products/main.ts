import { z } from "zod";
import { createBase } from "../shared/base.ts";
import { databaseEnvironment, readEnvironment, serviceEnvironment } from "../shared/config.ts";
import { awaitDatabase, openDatabase } from "../shared/database.ts";
import { openInternalClient } from "../shared/internal-client.ts";
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
const base = await createBase("products", environment);
const db = openDatabase<ProductsDatabase>("products", environment, base);
const orders = openInternalClient(base, {
  service: "orders",
  url: environment.ORDERS_URL,
  timeout: 3_000,
});
const delivery = createDelivery(db, orders, base.logger);
const app = createApp({ ...base, db, delivery });
const recovery = delivery.startRecovery();
await awaitDatabase(db, base.logger);
await serve(app, {
  ...base,
  close: [() => recovery.stop(), () => orders.close(), () => db.destroy()],
});
