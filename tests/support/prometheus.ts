import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { z } from "zod";
import { freePorts } from "../../local/ports.ts";
import { eventually } from "./wait.ts";

const answer = z.discriminatedUnion("status", [
  z.object({ status: z.literal("error"), error: z.string() }),
  z.object({
    status: z.literal("success"),
    data: z.object({
      result: z.array(
        z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
      ),
    }),
  }),
]);

/** A series with its value now. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** The series of an expression now, by the Prometheus at a URL. @throws what Prometheus has to say against it */
export async function seriesOf(url: string, expression: string): Promise<Series[]> {
  const { body } = await request(`${url}/api/v1/query`, { query: { query: expression } });
  const said = answer.parse(await body.json());
  if (said.status === "error") throw new Error(`${expression}: ${said.error}`);
  return said.data.result;
}

/** A real Prometheus as a process, with data of its own. */
export interface RunningPrometheus {
  /** The series of an expression now. @throws what Prometheus has to say against it */
  query(expression: string): Promise<Series[]>;
  stop(): Promise<void>;
}

/** Starts one with a configuration, and waits until it answers. */
export async function startPrometheus(configuration: string): Promise<RunningPrometheus> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const data = mkdtempSync(join(tmpdir(), "gatehouse-prometheus-"));
  const prometheus = spawn(
    "prometheus",
    [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
    ],
    { stdio: "inherit" },
  );
  const running: RunningPrometheus = {
    query: (expression) => seriesOf(url, expression),
    stop: async () => {
      const gone = once(prometheus, "exit");
      prometheus.kill("SIGKILL");
      await gone;
      rmSync(data, { recursive: true, force: true });
    },
  };
  try {
    await eventually("Prometheus answers", () => isReady(url), 60_000);
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
}

/** It answers 503 while it starts. */
async function isReady(url: string): Promise<boolean> {
  const ready = await request(`${url}/-/ready`).catch(() => undefined);
  await ready?.body.dump();
  return ready?.statusCode === 200;
}
