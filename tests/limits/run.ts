import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeJwt } from "jose";
import { defaultLimits } from "../../gateway/limits.ts";
import { signUp } from "../support/client.ts";
import { startTestPlatform } from "../support/platform.ts";
import { pidOf } from "../support/processes.ts";
import type { BurstFigures } from "./bursts.ts";
import { runBursts } from "./bursts.ts";
import type { TestRedis } from "./redis.ts";
import { startSecondGateway } from "./second-gateway.ts";

const SKEW_MS = 5_000;
/** Milliseconds for which what was killed stays away. */
const AWAY = 1_500;

export interface LimitRun {
  readonly seconds: number;
  /** The store; without one it is the platform's database. */
  readonly redis?: TestRedis;
  readonly say?: (line: string) => void;
}

/**
 * Bursts and pauses against central limits, through two gateways, with two processes of authentication whose clocks
 * differ by 5 s, while a gateway and the store are killed and come back.
 */
export async function runLimits({ seconds, redis, say }: LimitRun): Promise<BurstFigures> {
  const platform = await startTestPlatform({ fsync: "off" }, { limits: "central" }, { replicaVariables });
  try {
    const second = await startSecondGateway(platform.state);
    try {
      const { client } = await signUp(platform.outputs);
      const jwt = client.cookies.get("jwt") ?? "";
      // A token of the process that is ahead is of the future to the other one, which refuses it until then.
      await sleep(Math.max(0, (decodeJwt(jwt).iat ?? 0) * 1000 - Date.now() + 1_000));
      return await runBursts({
        gateways: [platform.outputs.gatewayUrl, second.url],
        ca: platform.outputs.gatewayCa,
        path: "/orders",
        headers: { authorization: `Bearer ${jwt}` },
        seconds,
        limit: defaultLimits,
        disturbances: [
          { name: "a gateway is killed", at: 0.25, happen: () => restart(second) },
          { name: "the store is killed", at: 0.55, happen: killStore },
          { name: "the store is killed again", at: 0.8, happen: killStore },
        ],
        ...(say === undefined ? {} : { say }),
      });
    } finally {
      await second.kill();
    }
  } finally {
    await platform.stop();
  }

  function replicaVariables(replica: string): NodeJS.ProcessEnv {
    if (!replica.startsWith("authentication-")) return {};
    const skewed = {
      SKEW_MS: String(SKEW_MS),
      NODE_OPTIONS: `--import=${join(import.meta.dirname, "skewed-clock.ts")}`,
    };
    return { ...redis?.variables, ...(replica === "authentication-2" ? skewed : {}) };
  }

  async function killStore(): Promise<void> {
    if (redis !== undefined) await restart(redis);
    else process.kill(pidOf("postgres", platform.state), "SIGKILL");
  }
}

async function restart(part: { kill(): Promise<void>; start(): void }): Promise<void> {
  await part.kill();
  await sleep(AWAY);
  part.start();
}
