import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { outputsFile, readOutputs } from "./outputs.ts";
import { makeCertificate } from "./testing/certificate.ts";

let folder: string;
let gatewayCa: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-outputs-"));
  gatewayCa = (await makeCertificate()).ca;
});
afterAll(() => rm(folder, { recursive: true }));

async function given(outputs: unknown): Promise<string> {
  const file = join(folder, "outputs.json");
  await writeFile(file, typeof outputs === "string" ? outputs : JSON.stringify(outputs));
  return file;
}

describe("outputs", () => {
  it("are read for the gateway's URL and CA, whatever else is there", async () => {
    const file = await given({
      gatewayUrl: "https://localhost:8443/",
      gatewayCa,
      namespace: "x",
      adminPassword: 1,
    });
    expect(await readOutputs(file)).toEqual({ gatewayUrl: "https://localhost:8443", gatewayCa });
  });

  it("may hold several certificates, as they do while a CA is replaced", async () => {
    const both = `${gatewayCa}\n${(await makeCertificate()).ca}`;
    const file = await given({ gatewayUrl: "https://localhost", gatewayCa: both });
    expect((await readOutputs(file)).gatewayCa).toBe(both);
  });

  it.each([
    ["not JSON", "{", "is not well-formed JSON"],
    ["no object", [], "it must be an object"],
    ["no members", {}, "gatewayUrl is missing; gatewayCa is missing"],
    ["a URL without TLS", { gatewayUrl: "http://localhost" }, "must be a URL that begins with https://"],
    ["no certificate", { gatewayCa: "x" }, "gatewayCa must be a certificate in PEM"],
    [
      "Pulumi's placeholder",
      { gatewayCa: "[secret]" },
      "gatewayCa is hidden: run pulumi with --show-secrets.",
    ],
  ])("that are wrong say how: %s", async (_, outputs, message) => {
    const failed = readOutputs(await given(outputs));
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toHaveProperty("hint", expect.stringContaining("npm start"));
  });

  it("that are not there say how to get them", async () => {
    const failed = readOutputs(join(folder, "none.json"));
    await expect(failed).rejects.toThrow("There are no outputs of a platform at");
    await expect(failed).rejects.toHaveProperty("hint", expect.stringContaining("npm start"));
  });

  it("are those of the option, else of the environment, else of the local platform", () => {
    process.env.GATEHOUSE_OUTPUTS = "/from/environment.json";
    expect(outputsFile("/from/option.json")).toBe("/from/option.json");
    expect(outputsFile(undefined)).toBe("/from/environment.json");
    delete process.env.GATEHOUSE_OUTPUTS;
    expect(outputsFile(undefined)).toBe(join(process.cwd(), ".local/outputs.json"));
  });
});
