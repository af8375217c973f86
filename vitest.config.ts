import { defineConfig } from "vitest/config";

const suite = ["tests/gateway/**/*.test.ts"];
const patience = { testTimeout: 30_000, hookTimeout: 120_000 };

/**
 * `unit` stands beside the code; `local` starts a platform of its own; `gateway` runs against any running one. `restore`
 * backs one up and restores it, `rotation` replaces its certificates, keys and passwords: both take minutes and are run
 * by name.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "{services,gateway,observability,backup,local,client,stack,rotation,doctor,docs,bench,tests/judge,tests/load}/**/*.test.ts",
          ],
          globalSetup: ["tests/support/database-setup.ts"],
          ...patience,
        },
      },
      {
        test: {
          name: "local",
          include: [...suite, "tests/{local,attack}/**/*.test.ts"],
          globalSetup: ["tests/support/platform-setup.ts"],
          ...patience,
        },
      },
      {
        test: {
          name: "rotation",
          include: ["tests/rotation/**/*.test.ts"],
          ...patience,
          testTimeout: 180_000,
        },
      },
      {
        test: {
          name: "gateway",
          include: suite,
          globalSetup: ["tests/support/outputs-setup.ts"],
          ...patience,
        },
      },
      { test: { name: "restore", include: ["tests/restore/**/*.test.ts"], ...patience } },
    ],
  },
});
