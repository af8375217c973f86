import type { Drill } from "./drill.ts";

/** What must not be found in plain text: keys, tokens, and the administrator's password. */
const patterns = { "a private key": /PRIVATE KEY/, "a token": /eyJ[\w-]{10,}\.eyJ/ };

/** Throws if a text holds a secret. */
export function expectNoSecret(where: string, text: string, password: string): void {
  if (text.includes(password)) throw new Error(`${where} holds the administrator's password`);
  for (const [what, pattern] of Object.entries(patterns))
    if (pattern.test(text)) throw new Error(`${where} holds ${what}`);
}

/** Neither logs nor any object but a Secret hold a secret in plain text. */
export const hiddenSecrets: Drill = async ({ cluster, outputs }) => {
  const selector = "app.kubernetes.io/part-of=gatehouse";
  const logs = await cluster.kubectl([
    "logs",
    "-l",
    selector,
    "--all-containers",
    "--tail=5000",
    "--max-log-requests=40",
  ]);
  const kinds =
    "pods,deployments,jobs,configmaps,services,statefulsets,ingressroutes.traefik.io,middlewares.traefik.io";
  const objects = await cluster.kubectl(["get", kinds, "-o", "json"]);
  expectNoSecret("a log", logs, outputs.adminPassword);
  expectNoSecret("an object", objects, outputs.adminPassword);
  return `no secret in ${logs.split("\n").length} lines of logs nor in ${Math.round(objects.length / 1024)} KiB of objects`;
};
