import { describe, expect, it } from "vitest";
import { settingsOf } from "./program.ts";
import { runStack } from "./testing.ts";

const problemsWith = (settings: Record<string, unknown>) =>
  runStack(settings).then(
    () => "",
    (error: unknown) => (error as Error).message,
  );

describe("a wrong value", () => {
  it.each([
    [{ limits: "maybe" }, "gatehouse:limits:"],
    [{ cpu: "lots" }, "gatehouse:cpu: expected an amount of CPU, such as 250m or 1.5"],
    [{ memory: "128" }, "gatehouse:memory: expected an amount of bytes"],
    [{ minPods: 0 }, "gatehouse:minPods:"],
    [{ minPods: 4 }, "gatehouse:minPods: 4 is more than maxPods (3)"],
    [{ roleRefusal: 404 }, "gatehouse:roleRefusal:"],
    [{ exposure: "NodePort" }, "gatehouse:hosts: with exposure NodePort, name at least one address"],
    [{ pods: { checkout: {} } }, "gatehouse:pods.checkout: no such service; expected one of authentication"],
    [{ pods: { orders: { replicas: 3 } } }, "gatehouse:pods.orders:"],
    [{ charts: { traefik: { chart: "traefik" } } }, "gatehouse:charts.cockroachdb:"],
    [
      { generations: { ca: "1,1" } },
      "gatehouse:generations.ca: expected one generation, or two different ones",
    ],
    [{ generations: { keys: "1" } }, "gatehouse:generations:"],
    [{ database: "external" }, "gatehouse:databaseUrl: with database external, set it with --secret"],
  ])("%o is refused with a message that names its key", async (settings, message) => {
    expect(await problemsWith(settings)).toContain(message);
  });

  it("is not repeated in the message, for it may be a secret", async () => {
    const message = await problemsWith({ database: "external", databaseUrl: "mysql://root:canary@db" });

    expect(message).toContain("gatehouse:databaseUrl:");
    expect(message).not.toContain("canary");
  });

  it("does not hide the next one", async () => {
    const message = await problemsWith({ cpu: "lots", limits: "maybe" });

    expect(message.split("\n")).toHaveLength(2);
  });
});

it.each(["dev", "ci", "cloud"])("Pulumi.%s.yaml is a configuration that works", async (stack) => {
  const { resources } = await runStack(settingsOf(stack));

  expect(resources.length).toBeGreaterThan(100);
});
