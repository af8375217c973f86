import { migrateService } from "../shared/migrations.ts";
import type { ProductsDatabase } from "./database.ts";
import { migrations } from "./migrations.ts";

await migrateService<ProductsDatabase>({ service: "products", migrations });
