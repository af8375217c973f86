import type { Listener } from "../../local/platform.ts";
import type { TestPlatform } from "../support/platform.ts";
import type { Complaint, Judge } from "./judge.ts";
import { lastWords, run } from "./run.ts";
import { pythonTool } from "./tools.ts";

/** sslyze: whether every door of a platform meets Mozilla's "modern" profile of TLS. */
export const sslyze: Judge = {
  tool: () => pythonTool("sslyze"),
  async judge(tool, subjects) {
    const platform = await subjects.platform();
    const protocols = [...new Set(platform.listeners.map(({ startTls }) => startTls))];
    const complaints: Complaint[] = [];
    for (const protocol of protocols) complaints.push(...(await scan(tool, platform, protocol)));
    return { judged: `${platform.listeners.length} listeners`, complaints };
  },
};

/** Scans the listeners that ask for TLS in one protocol. */
async function scan(tool: string, platform: TestPlatform, protocol: Listener["startTls"]) {
  const listeners = platform.listeners.filter(({ startTls }) => startTls === protocol);
  const scanning = await run(tool, [
    ...["--mozilla_config", "modern", "--certinfo_ca_file", platform.caFile],
    ...(protocol === undefined ? [] : ["--starttls", protocol]),
    // The name is the one that the certificates have; the address keeps IPv6 out of it.
    ...listeners.map(({ port }) => `localhost:${port}{127.0.0.1}`),
  ]);
  return listeners.flatMap(({ name, port }) => {
    const found = complianceOf(scanning.output, port);
    if (found === undefined) throw new Error(`sslyze did not judge ${name}: ${lastWords(scanning)}`);
    return found.map((complaint): Complaint => ({ ...complaint, object: name }));
  });
}

/**
 * What sslyze holds against a port: none where it says "OK - Compliant", undefined where it says neither that nor what is
 * wrong. Its JSON output has the scan and not the judgement, so this reads the text:
 *
 *     localhost:8443: FAILED - Not compliant.
 *         * tls_curves: TLS curves {'X448'} are supported, but should be rejected.
 */
export function complianceOf(text: string, port: number): Omit<Complaint, "object">[] | undefined {
  const [, verdicts = ""] = text.split("COMPLIANCE AGAINST TLS CONFIGURATION");
  const lines = verdicts.split("\n").map((line) => line.trim());
  const start = lines.findIndex((line) => line.startsWith(`localhost:${port}: `));
  if (start === -1) return undefined;
  if (lines[start]?.endsWith(": OK - Compliant.")) return [];
  const issues = lines.slice(start + 1, lines.indexOf("", start));
  const complaints = issues.flatMap((line) => {
    const [, check, detail] = /^\* (\w+): (.*)$/.exec(line) ?? [];
    return check === undefined || detail === undefined ? [] : [{ check, detail }];
  });
  return complaints.length === 0 ? undefined : complaints;
}
