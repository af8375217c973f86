/** Roles that a route can demand; the authorization service keeps who has which. */
export type Role = "admin";

/** Who may call a route through the gateway: anyone, any signed-in user, or users with a role. */
export type Access = "public" | "user" | Role;

/** The gateway's own name: the common name of its client certificate. */
export const GATEWAY = "gateway";

/** The name that the reader of metrics has in its client certificate. */
export const PROMETHEUS = "prometheus";

/** Bytes that the body of a request may have: the gateway lets no more in, and no service takes more. */
export const MAX_BODY_BYTES = 64 * 1024;

/** The name of what copies all databases: of its client certificate and its login. It reads every row and writes none. */
export const BACKUP = "backup";

/** The name of what puts a copy back, as the administrator. */
export const RESTORE = "restore";

/** Names that certificates and logins of the platform's own parts have: no service may pass for one of them. */
const RESERVED_NAMES = [
  GATEWAY,
  PROMETHEUS,
  BACKUP,
  RESTORE,
  "edge",
  "root",
  "node",
  "postgres",
  "defaultdb",
  "system",
  "microservice",
  "limit-store",
];

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A method and a path with `{name}` for a segment that varies, as OpenAPI writes it. */
export type RouteKey = `${Method} /${string}`;

/** A route that the gateway never exposes: only the named callers' client certificates may use it. */
export interface InternalRoute {
  readonly callers: readonly string[];
}

/**
 * Routes whose limit is not the usual one. All routes of a class share one bucket for each client, so that whoever
 * uses up one of them has used up the others too.
 */
export interface LimitClass {
  readonly name: string;
  /** What a client has, by who may use the route, as a share of the configured numbers: 0.5 is half of both. */
  readonly shares: Readonly<Record<Access, number>>;
}

/** A route of the gateway with a class of limits of its own. */
export interface ClassedRoute {
  readonly access: Access;
  readonly limitClass: LimitClass;
}

/** One service as the catalog states it. */
export interface ServiceEntry {
  /** Whether it has a database and a login of its own, both called like the service. */
  readonly database?: boolean;
  /** Whether requests keep their Cookie and Authorization headers; every other service never sees a token. */
  readonly readsCredentials?: boolean;
  /** Whether it answers pages for people: their scripts and styles may run then, from its own origin only. */
  readonly servesPages?: boolean;
  /** Whether it reads the OpenAPI documents of all other services. */
  readonly readsDocuments?: boolean;
  /** Paths of its own beside those that begin with its name: `/openapi.json`. */
  readonly ownPaths?: readonly `/${string}`[];
  readonly routes: Readonly<Record<RouteKey, Access | ClassedRoute | InternalRoute>>;
}

/** A route with its parts taken apart. */
export interface Route {
  readonly service: string;
  readonly method: Method;
  /** The path with `{name}` placeholders. */
  readonly path: string;
  /** `internal` where the gateway does not expose it. */
  readonly access: Access | "internal";
  /** Undefined where the route has a bucket of its own with the configured numbers. */
  readonly limitClass?: LimitClass;
  /** Common names of the client certificates that may call it. */
  readonly callers: readonly string[];
}

export type Catalog = Readonly<Record<string, ServiceEntry>>;

/** An internal route's entry in the catalog: reachable by these services (or the gateway itself) only. */
export function internal(...callers: [string, ...string[]]): InternalRoute {
  return { callers };
}

/** A route's entry where its limit is that of a class: `limitedAs(credentials, "public")`. */
export function limitedAs(limitClass: LimitClass, access: Access): ClassedRoute {
  return { access, limitClass };
}

/**
 * Checks the table once, when it is loaded.
 * @throws Error that names the service or route which is wrong, and how.
 */
export function defineCatalog<Name extends string>(
  catalog: Readonly<Record<Name, ServiceEntry>>,
): Readonly<Record<Name, ServiceEntry>> {
  for (const [name, entry] of Object.entries<ServiceEntry>(catalog)) {
    if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) {
      throw new Error(
        `catalog: "${name}" cannot be a service's name: use lower-case letters, digits and "-"`,
      );
    }
    if (RESERVED_NAMES.includes(name))
      throw new Error(`catalog: "${name}" is a name that the platform uses itself`);
    checkOwnPaths(catalog, name);
    for (const route of declaredRoutes(name, entry)) checkRoute(catalog, route);
  }
  return catalog;
}

function checkRoute(catalog: Catalog, route: Route): void {
  const where = `catalog: ${route.service}: "${route.method} ${route.path}"`;
  if (!/^(GET|POST|PUT|PATCH|DELETE)$/.test(route.method)) throw new Error(`${where}: unknown method`);
  if (!/^(\/([a-z0-9._-]+|\{[a-zA-Z]+\}))+$/.test(route.path)) {
    throw new Error(`${where}: a path is lower-case segments, or {name} where one varies`);
  }
  if (route.access !== "internal" && !isOwnPath(route.path, route.service, catalog[route.service])) {
    throw new Error(`${where}: a route of the gateway must start with /${route.service}`);
  }
  for (const caller of route.callers) {
    if (caller !== GATEWAY && !(caller in catalog))
      throw new Error(`${where}: no service "${caller}" to call it`);
  }
}

function isOwnPath(path: string, service: string, entry: ServiceEntry | undefined): boolean {
  if (path === `/${service}` || path.startsWith(`/${service}/`)) return true;
  return entry?.ownPaths?.some((own) => own === path) ?? false;
}

/** A service's own path must not lie where another service's routes are, or another's own path is. */
function checkOwnPaths(catalog: Catalog, service: string): void {
  for (const path of catalog[service]?.ownPaths ?? []) {
    const other = Object.keys(catalog).find(
      (name) => name !== service && isOwnPath(path, name, catalog[name]),
    );
    if (other !== undefined) throw new Error(`catalog: ${service}: the path "${path}" belongs to ${other}`);
  }
}

function declaredRoutes(service: string, entry: ServiceEntry): Route[] {
  return Object.entries(entry.routes).map(([key, rule]) => {
    const [method, path] = key.split(" ") as [Method, string];
    const route = { service, method, path, callers: [GATEWAY] };
    if (typeof rule === "string") return { ...route, access: rule };
    return "callers" in rule ? { ...route, access: "internal", ...rule } : { ...route, ...rule };
  });
}

/** Where every service shows its metrics. */
export const METRICS_PATH = "/metrics";

export interface RouteOptions {
  /** Whether `GET /<service>/fail` exists. */
  readonly drills: boolean;
}

/**
 * All routes of a service: those of its entry and those that every service has by rule, which are its OpenAPI
 * document (public, where it has any public face), its metrics and the drill.
 */
export function serviceRoutes(catalog: Catalog, service: string, { drills }: RouteOptions): Route[] {
  const entry = catalog[service];
  if (entry === undefined) throw new Error(`catalog: no service "${service}"`);
  const routes = declaredRoutes(service, entry);
  const exposed = routes.some((route) => route.access !== "internal");
  routes.push({
    service,
    method: "GET",
    path: `/${service}/openapi.json`,
    access: exposed ? "public" : "internal",
    callers: [GATEWAY, ...readersOfDocuments(catalog, service)],
  });
  routes.push({ service, method: "GET", path: METRICS_PATH, access: "internal", callers: [PROMETHEUS] });
  if (drills)
    routes.push({ service, method: "GET", path: `/${service}/fail`, access: "user", callers: [GATEWAY] });
  return routes;
}

function readersOfDocuments(catalog: Catalog, service: string): string[] {
  return Object.keys(catalog).filter((name) => name !== service && catalog[name]?.readsDocuments);
}

/** The routes of all services. */
export function allRoutes(catalog: Catalog, options: RouteOptions): Route[] {
  return Object.keys(catalog).flatMap((service) => serviceRoutes(catalog, service, options));
}

/** The services that have a database and a login of their own. */
export function servicesWithDatabase<Name extends string>(
  catalog: Readonly<Record<Name, ServiceEntry>>,
): Name[] {
  return (Object.keys(catalog) as Name[]).filter((name) => catalog[name].database);
}

/** The services that call this one directly, each with a client certificate of its own. */
export function callersOf(catalog: Catalog, service: string): string[] {
  return [...new Set(serviceRoutes(catalog, service, { drills: true }).flatMap((route) => route.callers))];
}

/** The services that this one calls. */
export function calleesOf(catalog: Catalog, service: string): string[] {
  return Object.keys(catalog).filter((other) => callersOf(catalog, other).includes(service));
}

/** The environment variable in which a service finds the base URL of one that it calls: `ORDERS_URL` for orders. */
export function addressVariable(callee: string): string {
  return `${callee.toUpperCase().replaceAll("-", "_")}_URL`;
}

/** `post-products-id-buy` for `POST /products/{id}/buy`. */
export function routeName(route: Pick<Route, "method" | "path">): string {
  return `${route.method}${route.path}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/-$/, "");
}

/** A regular expression's source for a path: `/products/{id}/buy` gives `^/products/[^/]+/buy$`. */
export function pathPattern(path: string): string {
  const literal = path.replaceAll(".", "\\.");
  return `^${literal.replaceAll(/\{[a-zA-Z]+\}/g, "[^/]+")}$`;
}
