import { writeGenerations } from "./rotation/ring.ts";
import { catalog } from "./services/catalog.ts";
import { GATEWAY, servicesWithDatabase } from "./services/shared/catalog.ts";
import { Administrator } from "./stack/administrator.ts";
import { createBackups } from "./stack/backups.ts";
import { CertificateAuthority } from "./stack/certificates.ts";
import { limitsOutput, readConfig } from "./stack/config.ts";
import { createDatabase } from "./stack/database.ts";
import { migrationExtras, serviceExtras } from "./stack/extras.ts";
import { Gateway } from "./stack/gateway.ts";
import { serviceImages } from "./stack/images.ts";
import { createLimitStore, limitExtras } from "./stack/limit-store.ts";
import { Microservice } from "./stack/microservice.ts";
import { Migrations } from "./stack/migrations.ts";
import { PlatformNamespace } from "./stack/namespace.ts";
import { Observability } from "./stack/observability.ts";
import { SigningKeys } from "./stack/signing-keys.ts";

const names = Object.keys(catalog);
const stored: readonly string[] = servicesWithDatabase(catalog);
const config = readConfig([...names, GATEWAY]);

const platform = new PlatformNamespace("platform", { name: config.namespace });
const shared = { namespace: platform, config };
const authority = new CertificateAuthority("authority", shared);
const images = serviceImages(names, config.images);

const administrator = new Administrator("administrator", shared);
const database = createDatabase("database", { ...shared, authority, services: stored });
const migrations = new Migrations("migrations", {
  ...shared,
  database,
  services: stored,
  images,
  extras: migrationExtras(administrator),
});
createBackups("backups", { ...shared, authority, database, migrations });

const limitStore = createLimitStore("limit-store", { ...shared, authority });
const signingKeys = new SigningKeys("signing-keys", shared);
const extras = serviceExtras(config, signingKeys, limitExtras(config, limitStore));
const services = names.map((name) => {
  const parts = { catalog, authority, image: images(name), extras: extras[name], after: migrations.done };
  return new Microservice(name, {
    ...shared,
    ...parts,
    database: stored.includes(name) ? database : undefined,
  });
});
const observability = new Observability("observability", { ...shared, catalog, authority });
const gateway = new Gateway("gateway", { ...shared, catalog, authority }, { dependsOn: services });

export const { url: gatewayUrl, httpUrl: gatewayHttpUrl, address: gatewayAddress } = gateway;
export const gatewayCa = authority.certificate;
export const namespace = platform.name;
export const adminUsername = administrator.username;
export const adminPassword = administrator.password;
export const limits = limitsOutput(config);
export const generations = writeGenerations(config.generations);
export const { grafanaPassword } = observability;
