import type { Catalog, Route } from "../shared/catalog.ts";
import { serviceRoutes } from "../shared/catalog.ts";
import type { Document, Operation } from "./documents.ts";

/** One OpenAPI document of all routes that the gateway exposes. */
export interface GatheredDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, unknown>>;
    readonly securitySchemes: typeof securitySchemes;
  };
}

const securitySchemes = {
  cookie: { type: "apiKey", in: "cookie", name: "jwt", description: "Set by a login" },
  bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "The same token in a header" },
} as const;

/**
 * Gathers the documents of services into the one that clients of the gateway need: what is internal is left out, and
 * what the gateway adds (who may call, the limits) is said. Pure.
 */
export function gather(catalog: Catalog, documents: Readonly<Record<string, Document>>): GatheredDocument {
  const rename = uniqueSchemaNames(documents);
  const paths: Record<string, Record<string, Operation>> = {};
  const schemas: Record<string, unknown> = {};

  for (const [service, document] of Object.entries(documents)) {
    const operations = exposedRoutes(catalog, service).flatMap((route) => {
      const found = document.paths[route.path]?.[route.method.toLowerCase()];
      return found === undefined ? [] : [{ route, operation: renameRefs(found, service, rename) }];
    });
    for (const { route, operation } of operations) {
      paths[route.path] = {
        ...paths[route.path],
        [route.method.toLowerCase()]: asTheGatewayServes(route, operation),
      };
    }
    if (operations.length === 0) continue;
    for (const [name, schema] of Object.entries(document.components?.schemas ?? {}))
      schemas[rename(service, name)] = renameRefs(schema, service, rename);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Gatehouse",
      version: "1.0.0",
      description:
        "Everything that the gateway serves. Sign in with `login`: the cookie that it sets is sent from then on.",
    },
    servers: [{ url: "/" }],
    tags: Object.keys(documents).map((name) => ({ name })),
    paths,
    components: { schemas: used(schemas, paths), securitySchemes },
  };
}

function exposedRoutes(catalog: Catalog, service: string): Route[] {
  return serviceRoutes(catalog, service, { drills: false }).filter(({ access }) => access !== "internal");
}

/** An operation with what only the gateway knows of it. */
function asTheGatewayServes(route: Route, operation: Operation): Operation {
  const restricted = route.access === "public" || route.access === "user" ? {} : { "x-role": route.access };
  return {
    ...operation,
    operationId: operationId(route),
    tags: [route.service],
    security: route.access === "public" ? [] : [{ cookie: [] }, { bearer: [] }],
    ...restricted,
    responses: { ...operation.responses, "429": operation.responses["429"] ?? limited },
  };
}

const limited = {
  description: "Too many requests",
  headers: {
    "Retry-After": {
      description: "Seconds after which to try again",
      schema: { type: "integer", minimum: 0 },
    },
  },
};

/** `postProductsIdBuy` for `POST /products/{id}/buy`: what generators of clients call the function. */
export function operationId({ method, path }: Pick<Route, "method" | "path">): string {
  const words = path.match(/[a-zA-Z0-9]+/g) ?? [];
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

type Rename = (service: string, schema: string) => string;

/** A schema keeps its name where all services mean the same by it, and else has the service's name in front. */
function uniqueSchemaNames(documents: Readonly<Record<string, Document>>): Rename {
  const meanings = new Map<string, Set<string>>();
  for (const { components } of Object.values(documents)) {
    for (const [name, schema] of Object.entries(components?.schemas ?? {}))
      meanings.set(name, (meanings.get(name) ?? new Set()).add(JSON.stringify(schema)));
  }
  return (service, name) =>
    (meanings.get(name)?.size ?? 0) > 1 ? service.charAt(0).toUpperCase() + service.slice(1) + name : name;
}

const REFERENCE = "#/components/schemas/";

function renameRefs<T>(value: T, service: string, rename: Rename): T {
  const text = JSON.stringify(value, (key, inner: unknown) =>
    key === "$ref" && typeof inner === "string" && inner.startsWith(REFERENCE)
      ? REFERENCE + rename(service, inner.slice(REFERENCE.length))
      : inner,
  );
  return JSON.parse(text) as T;
}

/** The schemas that something refers to, directly or through others. */
function used(schemas: Readonly<Record<string, unknown>>, root: unknown): Record<string, unknown> {
  const names = new Set<string>();
  const visit = (value: unknown) => {
    for (const [, name = ""] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (names.has(name)) continue;
      names.add(name);
      visit(schemas[name] ?? {});
    }
  };
  visit(root);
  return Object.fromEntries([...names].sort().map((name) => [name, schemas[name]]));
}
