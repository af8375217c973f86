import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { catalog } from "../../services/catalog.ts";
import type { Catalog } from "../../services/shared/catalog.ts";
import { allRoutes } from "../../services/shared/catalog.ts";
import { User } from "../stack/user.ts";
import type { TestOutputs } from "../support/outputs.ts";
import type { TestPlatform } from "../support/platform.ts";
import type { Complaint, Judge } from "./judge.ts";
import { lastWords, run } from "./run.ts";
import { pythonTool } from "./tools.ts";

/** Made-up requests for each operation, besides those that its document gives an occasion for. */
const EXAMPLES = 20;
/** Makes them the same ones each time. */
const SEED = 2026;

const FOLDER = join(".local", "judge", "schemathesis");

/** The document of everything that the gateway serves, in which each operation has its service as its tag. */
const DOCUMENT = "/openapi.json";
const routes = allRoutes(catalog, { drills: false }).filter(({ access }) => access !== "internal");
/** All but who gathers the document, which does not describe itself in it. */
const services = [...new Set(routes.map(({ service }) => service))].filter(
  (service) => (catalog as Catalog)[service]?.readsDocuments !== true,
);

/** Who sends the requests. */
const identities: Readonly<Record<string, (outputs: TestOutputs) => Promise<User | undefined>>> = {
  nobody: () => Promise.resolve(undefined),
  user: (outputs) => User.signUp(outputs),
  administrator: (outputs) => User.admin(outputs),
};

/**
 * schemathesis: whether the services answer as the OpenAPI document says, whatever is sent. It makes requests of the
 * document, valid and broken ones, and sends them through the gateway.
 */
export const schemathesis: Judge = {
  tool: () => pythonTool("schemathesis"),
  async judge(tool, subjects) {
    const platform = await subjects.platform();
    await mkdir(FOLDER, { recursive: true });
    const examinations = await prepare(platform.outputs);
    const complaints: Complaint[] = [];
    let requests = 0;
    for (const examination of examinations) {
      const examined = await examine(tool, platform, examination);
      requests += examined.requests;
      complaints.push(...examined.complaints);
    }
    const whose = `${services.length} services as ${Object.keys(identities).join(", ")}`;
    return { judged: `${whose}: ${requests} requests`, complaints };
  },
};

interface Examination {
  readonly service: string;
  readonly identity: string;
  readonly token: string | undefined;
}

/**
 * Every service with every identity, each with a session of its own: the requests to one may end it. All are signed in
 * before the first request, since wrong passwords will lock this machine out.
 */
async function prepare(outputs: TestOutputs): Promise<Examination[]> {
  const examinations: Examination[] = [];
  for (const [identity, signIn] of Object.entries(identities)) {
    for (const service of services)
      examinations.push({ service, identity, token: (await signIn(outputs))?.accessToken });
  }
  return examinations;
}

async function examine(
  tool: string,
  { outputs, caFile }: TestPlatform,
  { service, identity, token }: Examination,
) {
  const events = join(FOLDER, `${service}-${identity}.ndjson`);
  await rm(events, { force: true });
  const examination = await run(tool, [
    ...["run", outputs.gatewayUrl + DOCUMENT, "--url", outputs.gatewayUrl, "--tls-verify", caFile],
    ...["--include-tag", service],
    ...(token === undefined ? [] : ["--header", `Authorization: Bearer ${token}`]),
    // The token above is the only one: a made-up cookie beside it would be taken for what let the request through.
    ...["--checks", "all", "--continue-on-failure", "--generation-with-security-parameters", "false"],
    ...["--max-examples", String(EXAMPLES), "--seed", String(SEED), "--generation-database", "none"],
    ...["--report", "ndjson", "--report-ndjson-path", events, "--no-color"],
  ]);
  const scenarios = readScenarios(await readFile(events, "utf8").catch(() => ""));
  if (scenarios.length === 0)
    throw new Error(`schemathesis did not test ${service}: ${lastWords(examination)}`);
  const requests = scenarios.reduce((sum, { interactions }) => sum + Object.keys(interactions).length, 0);
  const complaints = scenarios.flatMap((scenario) => complaintsOf(scenario, identity));
  if (examination.code !== 0 && complaints.length === 0)
    throw new Error(`schemathesis failed for ${service}: ${lastWords(examination)}`);
  return { requests, complaints };
}

const check = z.object({
  name: z.string(),
  status: z.string(),
  failure_info: z
    .object({ failure: z.object({ operation: z.string(), title: z.string(), message: z.string() }) })
    .nullish(),
});
const interaction = z.object({
  request: z.object({ method: z.string(), uri: z.string() }),
  response: z
    .object({ status_code: z.int(), content: z.object({ $base64: z.string() }).nullish() })
    .nullish(),
});
/** A phase of the test of one operation; each check and each interaction under the id of its request. */
const scenarioFinished = z.object({
  ScenarioFinished: z.object({
    recorder: z.object({
      checks: z.record(z.string(), z.array(check)).default({}),
      interactions: z.record(z.string(), interaction).default({}),
    }),
  }),
});
type Scenario = z.infer<typeof scenarioFinished>["ScenarioFinished"]["recorder"];

/** The requests of schemathesis' log of events, with what it thinks of each answer. */
function readScenarios(events: string): Scenario[] {
  const lines = events.split("\n").filter((line) => line.startsWith('{"ScenarioFinished"'));
  return lines.map((line) => scenarioFinished.parse(JSON.parse(line)).ScenarioFinished.recorder);
}

function complaintsOf({ checks, interactions }: Scenario, identity: string): Complaint[] {
  return Object.entries(checks).flatMap(([id, results]) =>
    results.flatMap(({ name, status, failure_info }): Complaint[] => {
      if (status === "success" || failure_info == null) return [];
      const { operation, title, message } = failure_info.failure;
      const { request, response } = interactions[id] ?? {};
      const body = Buffer.from(response?.content?.$base64 ?? "", "base64").toString();
      const answer = `${response?.status_code ?? "no answer"} ${body.slice(0, 300)}`.trim();
      const sent = `${request?.method ?? ""} ${request?.uri ?? ""} as ${identity}`;
      const detail = [title, message.replaceAll("\n", " "), sent, answer].join(" | ");
      return [{ check: name, object: operation, detail }];
    }),
  );
}
