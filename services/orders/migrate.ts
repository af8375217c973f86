import { migrateService } from "../shared/migrations.ts";
import type { OrdersDatabase } from "./database.ts";
import { migrations } from "./migrations.ts";

await migrateService<OrdersDatabase>({ service: "orders", migrations });
