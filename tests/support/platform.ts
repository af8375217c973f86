import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocalOptions } from "../../local/options.ts";
import type { Listener, PlatformExtras } from "../../local/platform.ts";
import { startPlatform } from "../../local/platform.ts";
import { silentProgress } from "../../local/progress.ts";
import type { TestOutputs } from "./outputs.ts";

export interface TestPlatform {
  readonly outputs: TestOutputs;
  /** The state folder, which is removed when the platform stops. */
  readonly state: string;
  readonly caFile: string;
  readonly dashboardUrl: string | undefined;
  readonly listeners: readonly Listener[];
  readonly stop: () => Promise<void>;
}

/** A local platform on free ports with a state of its own, which the test may have laid out before. */
export async function startTestPlatform(
  postgresSettings: Readonly<Record<string, string>> = { fsync: "off" },
  options: Partial<LocalOptions> = {},
  extras: Omit<PlatformExtras, "postgresSettings"> = {},
): Promise<TestPlatform> {
  const state = options.state ?? (await mkdtemp(join(tmpdir(), "gatehouse-suite-")));
  const platform = await startPlatform(
    {
      port: 0,
      httpPort: undefined,
      state,
      replicas: 2,
      limits: "on",
      limitStoreFailure: "local",
      checks: "service",
      drills: true,
      logs: false,
      roleRefusal: "401",
      databaseUrl: undefined,
      ...options,
    },
    silentProgress,
    { postgresSettings, ...extras },
  );
  return {
    outputs: platform.outputs,
    state,
    caFile: platform.caFile,
    dashboardUrl: platform.dashboardUrl,
    listeners: platform.listeners,
    async stop() {
      await platform.stop();
      await rm(state, { recursive: true, force: true });
    },
  };
}
