import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { Readers } from "../../support/readers.ts";
import { until } from "../cluster.ts";
import { expectNoFailure, underLoad } from "../load.ts";
import { User } from "../user.ts";
import type { Drill, DrillContext } from "./drill.ts";
import { calm } from "./drill.ts";

const USERS = 16;
const CONNECTIONS = 4;
const PATH = "/orders";
/** Milliseconds between two logouts, and for which a session is read after its own. */
const BETWEEN = 250;
const AFTER = 2_000;

/** The gateways remember sessions, and let none in whose logout was answered; turned on and off under load. */
export const rememberedSessions: Drill = async (context) => {
  const { outputs, say } = context;
  try {
    const on = await underLoad(outputs, () => turnOn(context));
    say(`turned on: ${expectNoFailure("while it was turned on", on)}`);
    await context.suite();
    const figure = await endSessions(context);
    const off = await underLoad(outputs, () => turnOff(context));
    return `${figure}; turned off: ${expectNoFailure("while it was turned off", off)}`;
  } catch (error) {
    await turnOff(context);
    throw error;
  }
};

/** Both in the order of docs/kubernetes.md. */
async function turnOn(context: DrillContext): Promise<void> {
  await context.deploy({ checks: "gateway" }, "--target", "**gateway-release");
  await calm(context);
  await until("the former gateway pods have gone", 60, async () => {
    const label = "app.kubernetes.io/name=gateway";
    const pods = await context.cluster.kubectl(["get", "pods", "-l", label, "-o", "name"]);
    return pods.trim().split("\n").length === 2;
  });
  await context.deploy({});
  await calm(context);
}

async function turnOff(context: DrillContext): Promise<void> {
  await context.deploy({ checks: "service" }, "--target", "**middleware-authenticate");
  await context.deploy({});
  await calm(context);
}

/** Sessions are read at all gateway pods while one after the other is logged out. */
async function endSessions({ outputs, cluster }: DrillContext): Promise<string> {
  const connect = { ca: outputs.gatewayCa };
  const agent = new Agent({ connections: USERS * CONNECTIONS, allowH2: false, connect });
  const users: User[] = [];
  for (let count = 0; count < USERS; count++) users.push(await User.signUp(outputs, 1));
  const start = new Date().toISOString();
  const all = users.map((user) => {
    const token = user.accessToken;
    return {
      user,
      reading: new Readers(outputs.gatewayUrl + PATH, { agent, token, loops: CONNECTIONS }),
    };
  });
  const late = await Promise.all(
    all.map(async ({ user, reading }, index) => {
      await sleep(AFTER + index * BETWEEN);
      await user.expect(204, { method: "POST", path: "/authentication/logout" });
      const answered = performance.now();
      await sleep(AFTER);
      await reading.stop();
      await user.close();
      return reading.letIn(answered).length;
    }),
  );
  await agent.close();
  const letIn = sum(all.map(({ reading }) => reading.letIn(0).length));
  const refused = sum(all.map(({ reading }) => reading.reads.filter(({ status }) => status === 401).length));
  const checks = await checksSince(cluster, start);
  const figure = `${letIn} reads let in, ${checks - refused} of them asked about; ${sum(late)} of ${refused} after a logout`;
  if (sum(late) > 0 || refused < USERS || checks - refused > letIn / 2) throw new Error(figure);
  return figure;
}

/** Lines that the pods of authentication have logged for checks. */
async function checksSince(cluster: DrillContext["cluster"], since: string): Promise<number> {
  const pods = await cluster.readyPods("authentication");
  const logs = await Promise.all(
    pods.map(({ name }) => cluster.kubectl(["logs", name, `--since-time=${since}`])),
  );
  return sum(logs.map((log) => log.split('"route":"/validate"').length - 1));
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
