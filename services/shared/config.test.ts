import { describe, expect, it } from "vitest";
import { databaseEnvironment, EnvironmentError, readEnvironment, serviceEnvironment } from "./config.ts";

const tls = { TLS_CA_FILE: "ca.crt", TLS_CERT_FILE: "orders.crt", TLS_KEY_FILE: "orders.key" };
const minimal = { PORT: "8443", ...tls };
const schema = serviceEnvironment.extend(databaseEnvironment.shape);
const DATABASE_URL = "postgresql://orders@db.example:26257/orders";

describe("a service's environment", () => {
  it("needs its port and TLS files, and has drills off", () => {
    expect(readEnvironment(serviceEnvironment, minimal)).toEqual({
      HOST: "0.0.0.0",
      PORT: 8443,
      ...tls,
      LOG_LEVEL: "info",
      DRILLS: false,
      SHUTDOWN_DELAY_MS: 0,
    });
  });

  it("is read as what it says", () => {
    const given = { HOST: "127.0.0.1", LOG_LEVEL: "warn", DRILLS: "on", SHUTDOWN_DELAY_MS: "1500" };
    expect(readEnvironment(schema, { ...minimal, ...given, DATABASE_URL, DATABASE_POOL_SIZE: "3" })).toEqual({
      HOST: "127.0.0.1",
      PORT: 8443,
      ...tls,
      LOG_LEVEL: "warn",
      DRILLS: true,
      SHUTDOWN_DELAY_MS: 1500,
      DATABASE_URL,
      DATABASE_POOL_SIZE: 3,
    });
  });

  it("hands on nothing that it does not know", () => {
    expect(readEnvironment(serviceEnvironment, { ...minimal, SECRET: "x" })).not.toHaveProperty("SECRET");
  });

  it("names every key that is missing, in one error", () => {
    const read = () => readEnvironment(schema, {});
    expect(read).toThrow(EnvironmentError);
    for (const key of ["PORT", "TLS_CA_FILE", "TLS_CERT_FILE", "TLS_KEY_FILE", "DATABASE_URL"]) {
      expect(read).toThrow(`${key}: `);
    }
  });

  it.each([
    ["PORT", ""],
    ["PORT", "0"],
    ["PORT", "65536"],
    ["PORT", "https"],
    ["TLS_CA_FILE", ""],
    ["LOG_LEVEL", "loud"],
    ["DRILLS", "true"],
    ["DRILLS", ""],
    ["SHUTDOWN_DELAY_MS", "-1"],
    ["SHUTDOWN_DELAY_MS", "8001"],
    ["DATABASE_URL", "mysql://db.example/orders"],
    ["DATABASE_URL", "db.example"],
    ["DATABASE_POOL_SIZE", "0"],
    ["DATABASE_POOL_SIZE", "101"],
  ])("refuses %s=%j and names that key alone", (key, value) => {
    const read = () => readEnvironment(schema, { ...minimal, DATABASE_URL, [key]: value });
    expect(read).toThrow(new RegExp(`^environment: ${key}: [^;]+$`));
  });

  it("does not repeat a value, which may be a secret", () => {
    const secret = "hunter2hunter2";
    try {
      readEnvironment(schema, { ...minimal, DATABASE_URL: `mysql://root:${secret}@db/x`, LOG_LEVEL: secret });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(EnvironmentError);
      expect(JSON.stringify([String(error), error])).not.toContain(secret);
    }
  });
});
