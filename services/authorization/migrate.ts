import { ADMINISTRATOR_ID } from "../shared/administrator.ts";
import { migrateService } from "../shared/migrations.ts";
import type { AuthorizationDatabase } from "./database.ts";
import { migrations } from "./migrations.ts";
import { grantRole } from "./roles.ts";

await migrateService<AuthorizationDatabase>({
  service: "authorization",
  migrations,
  seed: (db) => grantRole(db, ADMINISTRATOR_ID, "admin"),
});
