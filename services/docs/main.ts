import css from "swagger-ui-dist/swagger-ui.css" with { type: "text" };
import bundle from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "text" };
import { z } from "zod";
import { catalog } from "../catalog.ts";
import { createBase } from "../shared/base.ts";
import { addressVariable, calleesOf } from "../shared/catalog.ts";
import { readEnvironment, serviceEnvironment } from "../shared/config.ts";
import { openInternalClient } from "../shared/internal-client.ts";
import { serve } from "../shared/server.ts";
import { createApp } from "./app.ts";
import { createDocuments, readAhead } from "./documents.ts";

const services = calleesOf(catalog, "docs").map((service) => [service, addressVariable(service)] as const);
const address = z.url({ protocol: /^https$/ });

const base = await createBase("docs", readEnvironment(serviceEnvironment));
const addresses = readEnvironment(z.object(Object.fromEntries(services.map(([, name]) => [name, address]))));
const clients = Object.fromEntries(
  services.map(([service, name]) => {
    const url = addresses[name] ?? "";
    return [service, openInternalClient(base, { service, url, timeout: 2_000 })];
  }),
);
const documents = createDocuments(clients);
const app = createApp({ ...base, documents, swaggerUi: { css, bundle } });
void readAhead(documents);
await serve(app, {
  ...base,
  close: Object.values(clients).map((client) => () => client.close()),
});
