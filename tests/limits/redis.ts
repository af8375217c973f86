import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../../local/ports.ts";
import { TestCertificates } from "../support/certificates.ts";

/** Whether this machine has a Redis; Debian's package is redis-server. */
export const hasRedis = () => spawnSync("redis-server", ["--version"]).status === 0;

/** A Redis as the stack has one: TLS with a certificate, a password, nothing on the disk. */
export interface TestRedis {
  /** What authentication reads to use it. */
  readonly variables: Record<string, string>;
  /** Ends it at once; what it knew is lost. */
  kill(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

export async function startRedis(): Promise<TestRedis> {
  const certificates = await TestCertificates.open();
  const { certFile, keyFile } = await certificates.files("limit-store");
  const [port = 0] = await freePorts(1);
  const password = randomBytes(16).toString("hex");
  const passwordFile = join(certificates.folder, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  const configuration = join(certificates.folder, "redis.conf");
  const lines = [
    ["bind 127.0.0.1", "port 0", `tls-port ${port}`, "tls-auth-clients no", 'save ""', "appendonly no"],
    [`tls-cert-file ${certFile}`, `tls-key-file ${keyFile}`, `tls-ca-cert-file ${certificates.caFile}`],
    [`requirepass ${password}`, `dir ${certificates.folder}`],
  ];
  writeFileSync(configuration, `${lines.flat().join("\n")}\n`, { mode: 0o600 });

  let server: ChildProcess;
  const start = () => {
    server = spawn("redis-server", [configuration], { stdio: "ignore" });
  };
  const kill = async () => {
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  };
  start();
  return {
    variables: {
      LIMIT_STORE_URL: `rediss://localhost:${port}`,
      LIMIT_STORE_CA_FILE: certificates.caFile,
      LIMIT_STORE_PASSWORD_FILE: passwordFile,
    },
    kill,
    start,
    async stop() {
      await kill();
      certificates.remove();
    },
  };
}
