import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { Server } from "node:https";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { issueCertificates } from "../../local/certificate-list.ts";
import type { CertificateAuthority } from "../../local/certificates.ts";
import type { Database } from "../../local/database.ts";
import { embeddedDatabase } from "../../local/database.ts";
import { freePorts } from "../../local/ports.ts";
import { Replica } from "../../local/replica.ts";
import { bundleServices, migrateServices } from "../../local/services.ts";
import { StateFolder } from "../../local/state.ts";
import { seededProducts } from "../../services/products/seed.ts";
import { killReplica } from "../support/processes.ts";
import { eventually } from "../support/wait.ts";
import type { GateKeeper } from "./buy-gate.ts";
import { call, openGate } from "./buy-gate.ts";

const USER = "11111111-1111-4111-8111-111111111111";

/** What the books of the two services say of one product: ids of its purchases and orders, sorted. */
export interface Books {
  readonly stock: number;
  readonly purchases: readonly string[];
  readonly orders: readonly string[];
  readonly undelivered: number;
}

/**
 * The products and orders services as real processes on a real database, with a gate on the way between them that
 * can hold a request while something is killed. Row locks hold a process inside a transaction.
 */
export class BuyLab {
  atGate: GateKeeper | undefined;
  lastBooks: Books = { stock: 0, purchases: [], orders: [], undelivered: 0 };
  readonly #parts: LabParts;

  private constructor(parts: LabParts) {
    this.#parts = parts;
  }

  static async start(): Promise<BuyLab> {
    const path = mkdtempSync(join(tmpdir(), "gatehouse-crashes-"));
    const folder = await StateFolder.open(path);
    const authority = await issueCertificates(folder);
    const [database] = await Promise.all([
      embeddedDatabase(folder, authority, { settings: { fsync: "off" } }),
      bundleServices(folder),
    ]);
    await migrateServices({ folder, database });
    const [products = 0, orders = 0, gate = 0] = await freePorts(3);
    const ports = { products, orders, gate };
    const agent = new Agent();
    const parts = { path, folder, authority, database, ports, agent };
    const replicas = (["products", "orders"] as const).map((service) => replica(service, parts));
    const lab: BuyLab = new BuyLab({
      ...parts,
      replicas,
      gate: openGate({ authority, ports }, () => lab.atGate),
    });
    await Promise.all(replicas.map((one) => one.start()));
    return lab;
  }

  async stop(): Promise<void> {
    const { replicas, gate, database, folder, path } = this.#parts;
    await Promise.all(replicas.map((one) => one.stop()));
    gate.closeAllConnections();
    gate.close();
    await database.stop();
    folder.close();
    rmSync(path, { recursive: true, force: true });
  }

  /** Buys one as the gateway would ask. @returns the status @throws where the connection ends without an answer */
  buy(product: string, key?: string): Promise<number> {
    const { ports, authority } = this.#parts;
    const headers = { "x-user-id": USER, ...(key === undefined ? {} : { "idempotency-key": key }) };
    return call({
      authority,
      as: "gateway",
      service: "products",
      port: ports.products,
      path: `/products/${product}/buy`,
      headers,
    });
  }

  /** Kills the service's process and waits until the one that its supervisor starts serves. */
  kill(service: "products" | "orders"): Promise<void> {
    return killReplica(`${service}-1`, this.#parts.path);
  }

  /** Locks rows of a table until the returned function is called. */
  lock(database: string, table: string, where: string): Promise<() => Promise<void>> {
    return this.#hold(database, `select 1 from ${table} where ${where} for update`);
  }

  /** Lets nobody write to a table until the returned function is called. */
  lockTable(database: string, table: string): Promise<() => Promise<void>> {
    return this.#hold(database, `lock table ${table} in exclusive mode`);
  }

  /** Resolves when a statement of the service waits for a lock. */
  async blocked(service: string): Promise<void> {
    const sql = "select 1 from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'";
    await eventually(
      `${service} waiting for a lock`,
      async () => (await this.#query("postgres", sql, [service])).length > 0,
    );
  }

  async books(product: string): Promise<Books> {
    const ids = (rows: unknown[]) => rows.map((row) => (row as { id: string }).id).sort();
    const [row] = await this.#query("products", "select stock from products where id = $1", [product]);
    const open = "select id from purchases where delivered_at is null and product_id = $1";
    return {
      stock: (row as { stock: number }).stock,
      purchases: ids(
        await this.#query("products", "select id from purchases where product_id = $1", [product]),
      ),
      orders: ids(await this.#query("orders", "select id from orders where product_id = $1", [product])),
      undelivered: (await this.#query("products", open, [product])).length,
    };
  }

  initialStock(product: string): number {
    return seededProducts.find(({ id }) => id === product)?.stock ?? 0;
  }

  async #hold(database: string, sql: string): Promise<() => Promise<void>> {
    const client = await this.#connect(database);
    await client.query("begin");
    await client.query(sql);
    return async () => {
      await client.query("rollback");
      await client.end();
    };
  }

  async #query(database: string, sql: string, values: unknown[]): Promise<unknown[]> {
    const client = await this.#connect(database);
    try {
      return (await client.query(sql, values)).rows as unknown[];
    } finally {
      await client.end();
    }
  }

  async #connect(database: string): Promise<pg.Client> {
    const variables = this.#parts.database.forMigration("");
    const url = new URL(variables.DATABASE_URL ?? "");
    url.pathname = `/${database}`;
    const ssl = {
      ca: readFileSync(variables.DATABASE_CA_FILE ?? ""),
      cert: readFileSync(variables.DATABASE_CERT_FILE ?? ""),
      key: readFileSync(variables.DATABASE_KEY_FILE ?? ""),
    };
    const client = new pg.Client({ connectionString: url.href, ssl, application_name: "lab" });
    await client.connect();
    return client;
  }
}

interface Base {
  readonly path: string;
  readonly folder: StateFolder;
  readonly authority: CertificateAuthority;
  readonly database: Database;
  readonly ports: { readonly products: number; readonly orders: number; readonly gate: number };
  readonly agent: Agent;
}
interface LabParts extends Base {
  readonly replicas: readonly Replica[];
  readonly gate: Server;
}

function replica(
  service: "products" | "orders",
  { folder, authority, database, ports, agent }: Base,
): Replica {
  const { certFile, keyFile } = authority.files(service);
  return new Replica({
    name: `${service}-1`,
    service,
    port: ports[service],
    program: folder.file("bundles", service, "main.mjs"),
    environment: () => ({
      HOST: "127.0.0.1",
      PORT: String(ports[service]),
      TLS_CA_FILE: authority.caFile,
      TLS_CERT_FILE: certFile,
      TLS_KEY_FILE: keyFile,
      ORDERS_URL: `https://localhost:${ports.gate}`,
      ...database.forService(service),
    }),
    folder,
    agent,
    ca: () => authority.pem,
    report: () => undefined,
  });
}
