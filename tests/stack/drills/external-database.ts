import { randomBytes } from "node:crypto";
import { TestCertificates } from "../../support/certificates.ts";
import { Cluster } from "../cluster.ts";
import { run } from "../process.ts";
import type { Drill, DrillContext } from "./drill.ts";
import { calm } from "./drill.ts";
import { rotateAuthority, rotateKind, rotateSigningKeys } from "./rotation.ts";

const NAME = "postgres";
const PORT = 5432;
const IMAGE = "postgres:15";

/**
 * The same platform on a PostgreSQL that somebody else runs, with passwords: here nothing of a rotation stops the database, so
 * that CA, leaves, signing keys and passwords are all replaced without a failed request.
 */
export const externalDatabase: Drill = async (context) => {
  const database = await startDatabase(`${context.cluster.namespace}-database`);
  try {
    await context.deploy({
      database: "external",
      databaseUrl: database.url,
      databaseCa: database.ca,
    });
    await calm(context);
    const figures = {
      "signing keys": await rotateSigningKeys(context),
      "database passwords": await rotatePasswords(context, database),
      leaves: await rotateKind(context, "leaves", 1),
      // Last, for clients that trust the first CA alone are left behind.
      "the CA": await rotateAuthority(context),
    };
    return Object.entries(figures)
      .map(([kind, figure]) => `${kind}: ${figure}`)
      .join("; ");
  } finally {
    // It has no passwords, and so no generations of them.
    const back = { database: "cockroachdb", "generations.database-passwords": "1" };
    await context.deploy(back).finally(() => database.stop());
  }
};

async function rotatePasswords(context: DrillContext, { sql }: TestDatabase): Promise<string> {
  const fared = await rotateKind(context, "database-passwords", 3);
  const old = await sql("select rolname from pg_roles where rolcanlogin and rolname like '%\\_1'");
  if (old !== "") throw new Error(`retired logins are there still: ${old}`);
  const used = await sql(
    "select distinct usename from pg_stat_activity where usename like '%\\_2' order by 1",
  );
  if (used === "") throw new Error("nobody signs in with a new login");
  return fared;
}

interface TestDatabase {
  readonly url: string;
  readonly ca: string;
  /** Runs a statement as the administrator and gives the rows, a line each. */
  readonly sql: (statement: string) => Promise<string>;
  stop(): Promise<void>;
}

/** A PostgreSQL in a namespace of its own: whoever signs in has a password, and TLS. */
async function startDatabase(namespace: string): Promise<TestDatabase> {
  const host = `${NAME}.${namespace}.svc`;
  const password = randomBytes(16).toString("hex");
  const certificates = await TestCertificates.open();
  const { cert, key } = await certificates.identity(host);
  const ca = certificates.ca;
  certificates.remove();

  const cluster = new Cluster(namespace);
  await run("kubectl", ["create", "namespace", namespace]);
  const objects = manifests({ "tls.crt": cert, "tls.key": key, password });
  await cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(objects) });
  await cluster.kubectl(["wait", `pod/${NAME}`, "--for=condition=Ready", "--timeout=120s"]);
  return {
    url: `postgresql://root:${password}@${host}:${PORT}/postgres`,
    ca,
    async sql(statement) {
      const psql = `PGPASSWORD=${password} psql -h 127.0.0.1 -U root -d postgres -qAt`;
      return (
        await cluster.kubectl(["exec", "-i", NAME, "--", "sh", "-c", psql], { input: statement })
      ).trim();
    },
    stop: () => run("kubectl", ["delete", "namespace", namespace]).then(() => undefined),
  };
}

/** PostgreSQL refuses a key that others may read, and to run as root: so its files are copied for its own user. */
const START = `
set -e
bin=/usr/lib/postgresql/15/bin
install -d -o postgres -m 700 /data /data/tls
install -o postgres -m 600 /secret/* /data/tls
su postgres -c "$bin/initdb -D /data/db -U root -A scram-sha-256 --pwfile=/data/tls/password"
echo 'hostssl all all all scram-sha-256' >> /data/db/pg_hba.conf
exec su postgres -c "exec $bin/postgres -D /data/db -k /data -c listen_addresses=* -c ssl=on \\
  -c ssl_cert_file=/data/tls/tls.crt -c ssl_key_file=/data/tls/tls.key"
`;

function manifests(secret: Readonly<Record<string, string>>): object {
  const labels = { "app.kubernetes.io/name": NAME };
  const container = {
    name: NAME,
    image: IMAGE,
    command: ["sh", "-c", START],
    readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 2 },
    volumeMounts: [
      { name: "secret", mountPath: "/secret" },
      { name: "data", mountPath: "/data" },
    ],
  };
  const volumes = [
    { name: "secret", secret: { secretName: NAME } },
    { name: "data", emptyDir: {} },
  ];
  return {
    apiVersion: "v1",
    kind: "List",
    items: [
      { apiVersion: "v1", kind: "Secret", metadata: { name: NAME }, stringData: secret },
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: NAME, labels },
        spec: { terminationGracePeriodSeconds: 0, containers: [container], volumes },
      },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: NAME },
        spec: { selector: labels, ports: [{ port: PORT }] },
      },
    ],
  };
}
