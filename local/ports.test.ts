import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { LocalError } from "./error.ts";
import { claimPort, freePorts, HOST } from "./ports.ts";

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("free ports", () => {
  it("are as many as asked for, all different, and free", async () => {
    const ports = await freePorts(20);
    expect(new Set(ports).size).toBe(20);
    for (const port of ports) expect(await claimPort(port, "--port")).toBe(port);
  });

  it("are never given twice, so that what is started slowly finds its port still free", async () => {
    const given = [...(await freePorts(30)), ...(await freePorts(30)), await claimPort(0, "--port")];
    expect(new Set(given).size).toBe(61);
  });
});

describe("a port that is asked for", () => {
  it("is any free one for 0", async () => {
    expect(await claimPort(0, "--port")).toBeGreaterThan(0);
  });

  it("that is taken is refused, naming it and the flag that chooses another", async () => {
    const port = await takenPort();
    const error: unknown = await claimPort(port, "--http-port").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LocalError);
    expect((error as LocalError).message).toMatch(new RegExp(`^port ${port} is taken: .*--http-port PORT`));
  });
});
