import { readFileSync, symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SignedIn } from "../support/client.ts";
import { signUp } from "../support/client.ts";
import { queryAsAdministrator } from "../support/database.ts";
import type { TestPlatform } from "../support/platform.ts";
import { startTestPlatform } from "../support/platform.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { eventually } from "../support/wait.ts";
import { Buyers, isRefusal } from "./buyers.ts";

const PRODUCT = "filter-paper";
/** Of the disk: the databases of a new platform take about half of it. */
const MEGABYTES = 256;
const REFUSALS = 20;
const MILLISECONDS = 1000;

const unavailable = SmallDisk.unavailable();
const reason = unavailable === undefined ? "" : ` (skipped: ${unavailable})`;

describe.skipIf(unavailable !== undefined)(
  `a full disk of the database${reason}`,
  { timeout: 60_000 },
  () => {
    let disk: SmallDisk;
    let state: string;
    let platform: TestPlatform | undefined;
    let users: SignedIn[];
    let buyers: Buyers;

    beforeAll(async () => {
      disk = new SmallDisk(MEGABYTES);
      state = await mkdtemp(join(tmpdir(), "gatehouse-full-disk-"));
      symlinkSync(disk.path, join(state, "postgres"));
      // PostgreSQL's own settings: what was answered was written down.
      platform = await startTestPlatform({}, { state, limits: "off", replicas: 1 });
      const { outputs } = platform;
      users = await Promise.all(Array.from({ length: 4 }, () => signUp(outputs)));
    });
    afterAll(async () => {
      await platform?.stop();
      await rm(state, { recursive: true, force: true });
      disk.remove();
    });
    beforeEach(async () => {
      buyers = new Buyers(users, PRODUCT);
      await eventually("buys", () => buyers.accepted.length > 0);
    });
    afterEach(async () => {
      // A test that failed leaves no room, without which the server cannot even shut down.
      disk.free();
      await buyers.stop();
    });

    it("refuses buys with 503, lets reads go on, and each promised buy is one order", async () => {
      disk.fill();
      await eventually("refusals", () => buyers.refused >= REFUSALS);
      const [{ client }] = users as [SignedIn];
      for (const path of ["/products", "/orders", "/authentication/whoami"])
        expect((await client.get(path)).status).toBe(200);
      await recover("data full");
    });

    it("ends the server where its log has no room, which comes back by itself with all that was promised", async () => {
      disk.fill();
      const log = join(state, "logs/postgres.log");
      const told = readFileSync(log, "utf8").length;
      await eventually("the server's end", async () => {
        await useUpLog().catch(() => undefined);
        return /startup process failure|could not write lock file/.test(
          readFileSync(log, "utf8").slice(told),
        );
      });
      const before = buyers.refused;
      await eventually("refusals", () => buyers.refused >= before + REFUSALS);
      const [{ client }] = users as [SignedIn];
      expect(isRefusal(await client.get("/products"))).toBe(true);
      await recover("log full");
    });

    /** Has the server begin another file of its write-ahead log, for which there is no room. */
    function useUpLog() {
      const sql = "select pg_logical_emit_message(false, 'test', 'full'), pg_switch_wal()";
      return queryAsAdministrator("postgres", sql, [], state);
    }

    /** Gives the space back, and holds what was answered against the orders once buys work again. */
    async function recover(what: string): Promise<void> {
      const promised = buyers.accepted.length;
      disk.free();
      const start = performance.now();
      await eventually("buys that work again", () => buyers.accepted.length >= promised + users.length);
      const seconds = ((performance.now() - start) / MILLISECONDS).toFixed(1);
      await buyers.stop();
      const orders = await buyers.expectEachOneOrder(state);
      const { accepted, others, unexpected } = buyers;
      console.log(
        `${what}: ${accepted.length} buys accepted, others ${JSON.stringify([...others])}, ${orders} orders in all, ` +
          `buys again ${seconds} s after there was space`,
      );
      expect(unexpected).toEqual([]);
      expect([...others.keys()]).toEqual([503]);
    }
  },
);
