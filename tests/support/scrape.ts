import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Agent, request } from "undici";
import { z } from "zod";

/** The part that is read of the scrape configuration which a platform writes for Prometheus. */
const scrapeConfiguration = z.object({
  scrape_configs: z.array(
    z.object({
      job_name: z.string(),
      scheme: z.literal("https").optional(),
      tls_config: z
        .object({ ca_file: z.string(), cert_file: z.string(), key_file: z.string(), server_name: z.string() })
        .optional(),
      static_configs: z.tuple([z.object({ targets: z.array(z.string()).min(1) })]),
    }),
  ),
});
type Job = z.infer<typeof scrapeConfiguration>["scrape_configs"][number];

/** What every process of every job shows, by the job's name, read as Prometheus reads it. */
export async function scrapeAll(state: string): Promise<Map<string, string>> {
  const texts = jobsOf(state).map(async (job) => [job.job_name, await scrape(job)] as const);
  return new Map(await Promise.all(texts));
}

/** The jobs of the configuration that a platform writes. */
export function jobsOf(state: string): Job[] {
  const file = readFileSync(join(state, "prometheus.yml"), "utf8");
  return scrapeConfiguration.parse(JSON.parse(file)).scrape_configs;
}

/** What the processes of one job show. */
export async function scrape({
  scheme,
  tls_config: tls,
  static_configs: [{ targets }],
}: Job): Promise<string> {
  const connect = tls && {
    ca: readFileSync(tls.ca_file),
    cert: readFileSync(tls.cert_file),
    key: readFileSync(tls.key_file),
    servername: tls.server_name,
  };
  const dispatcher = new Agent(connect ? { connect } : {});
  const texts = targets.map(async (target) => {
    const { statusCode, body } = await request(`${scheme ?? "http"}://${target}/metrics`, { dispatcher });
    if (statusCode !== 200) throw new Error(`${target} answers ${statusCode}`);
    return body.text();
  });
  return (await Promise.all(texts)).join("\n");
}
