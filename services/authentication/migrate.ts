import { z } from "zod";
import { readEnvironment } from "../shared/config.ts";
import { migrateService } from "../shared/migrations.ts";
import { seedAdministrator } from "./administrator.ts";
import type { AuthenticationDatabase } from "./database.ts";
import { migrations } from "./migrations.ts";

const { ADMIN_USERNAME, ADMIN_PASSWORD } = readEnvironment(
  z.object({ ADMIN_USERNAME: z.string().min(3), ADMIN_PASSWORD: z.string().min(16) }),
);
await migrateService<AuthenticationDatabase>({
  service: "authentication",
  migrations,
  seed: (db) => seedAdministrator(db, { username: ADMIN_USERNAME, password: ADMIN_PASSWORD }),
});
