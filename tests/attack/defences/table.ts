import { families } from "../all.ts";
import type { Family } from "../attack.ts";
import type { Edit } from "../../support/traefik-edits.ts";
import { both, change, drop, put } from "../../support/traefik-edits.ts";

/** One thing that the gateway does against somebody, and how the gateway is without it. */
export interface Defence {
  readonly name: string;
  /** The families of attacks that are run without it. */
  readonly families: readonly Family[];
  /** A text in the line of the case that is run alone, where that is not quick or others would take long. */
  readonly only?: string;
  /** Why its loss shows in no answer: what else holds. */
  readonly hidden?: string;
  readonly without: Edit;
}

const SECURE = "static.entryPoints.websecure";
const STRIPPED = "dynamic.http.middlewares.strip-identity.headers.customRequestHeaders";
const RULES = "dynamic.http.routers.*.rule";
const RATE_SOURCE = "dynamic.http.middlewares.rate-limit.rateLimit.sourceCriterion";
/** The case of headers that would choose a bucket. Others would wait for limits that all clients share then. */
const BUCKET = "chooses the bucket";
/** The case of more at once than a gateway has room for. */
const ROOM = "it has no room for";
/** What a client writes into X-Forwarded-* is believed. */
const credulous = put(`${SECURE}.forwardedHeaders`, { insecure: true });

export const defences: readonly Defence[] = [
  {
    name: "nothing",
    families,
    hidden: "the platform as it is",
    without: () => undefined,
  },
  { ...middleware("strip-identity"), families: ["identity"] },
  { name: "`X-User-ID` in `strip-identity`", families: ["identity"], without: drop(`${STRIPPED}.X-User-ID`) },
  {
    name: "`X-User-Role` in `strip-identity`",
    families: ["flood"],
    only: ROOM,
    without: drop(`${STRIPPED}.X-User-Role`),
  },
  { name: "`RateLimit` in `strip-identity`", families: ["identity"], without: drop(`${STRIPPED}.RateLimit`) },
  { ...entryPoint("http.aliasHeadersStrategy"), families: ["identity"] },
  { ...middleware("authenticate"), families: ["identity", "tokens"] },
  { ...middleware("authorize-admin"), families: ["identity"] },
  {
    ...middleware("strip-credentials"),
    families: ["identity", "tokens"],
    hidden: "only authentication reads tokens, and no service logs one",
  },
  {
    name: "`trustForwardHeader: false` of the checks",
    families: ["identity", "login"],
    hidden: "the entry point has dropped what a client wrote into `X-Forwarded-*`",
    without: put("dynamic.http.middlewares.authenticate.forwardAuth.trustForwardHeader", true),
  },
  {
    name: "no trust in `X-Forwarded-*` at the entry point",
    families: ["identity", "login", "flood"],
    hidden: "limits go by the connection's address, and logins by the address that the gateway adds itself",
    without: credulous,
  },
  {
    name: "`Method` in the rules",
    families: ["reach", "protocol"],
    without: change<string>(RULES, (rule) => rule.replace(/^.* && /, "")),
  },
  {
    name: "`Path` in the rules, not `PathPrefix`",
    families: ["paths", "reach"],
    without: change<string>(RULES, (rule) => rule.replace("Path(", "PathPrefix(")),
  },
  {
    name: "no router for an internal route",
    families: ["paths", "reach"],
    without: put("dynamic.http.routers.added", {
      rule: "Path(`/microservice/orders/add`)",
      entryPoints: ["websecure"],
      service: "orders",
      tls: {},
    }),
  },
  { ...entryPoint("http.encodedCharacters"), families: ["paths"] },
  { name: "`http.sanitizePath`", families: ["paths"], without: put(`${SECURE}.http.sanitizePath`, false) },
  { ...entryPoint("http.maxHeaderBytes"), families: ["protocol"] },
  {
    name: "`passHostHeader: false`",
    families: ["protocol", "reach"],
    hidden: "no service reads the host that a client names",
    without: put("dynamic.http.services.*.loadBalancer.passHostHeader", true),
  },
  { ...tls("minVersion"), families: ["edge"] },
  { ...tls("curvePreferences"), families: ["edge"] },
  { ...tls("alpnProtocols"), families: ["edge"], hidden: "Traefik offers no other protocol by itself" },
  { ...entryPoint("http2"), families: ["edge"] },
  {
    name: "`redirections` of plain HTTP",
    families: ["edge"],
    without: drop("static.entryPoints.web.http.redirections"),
  },
  { ...middleware("security-headers"), families: ["edge"] },
  { ...middleware("page-security-headers"), families: ["edge"] },
  { ...middleware("rate-limit"), families: ["flood"] },
  {
    name: "`rate-limit` by address, not by `X-Forwarded-For`",
    families: ["flood"],
    only: BUCKET,
    without: both(credulous, put(RATE_SOURCE, { ipStrategy: { depth: 1 } })),
  },
  {
    name: "`rate-limit` by address, not by `X-Real-Ip`",
    families: ["flood"],
    only: BUCKET,
    without: both(credulous, put(RATE_SOURCE, { requestHeaderName: "X-Real-Ip" })),
  },
  { ...middleware("in-flight"), families: ["flood"] },
  { ...middleware("whole-body"), families: ["flood"] },
  { ...middleware("bulkhead"), families: ["flood"], only: ROOM },
  { ...middleware("refuse-overload"), families: ["flood"], only: ROOM },
  ...["readTimeout", "writeTimeout", "idleTimeout"].map((key): Defence => ({
    name: `\`${key}\``,
    families: ["flood"],
    only: "who dawdles",
    without: put(`${SECURE}.transport.respondingTimeouts.${key}`, "10m"),
  })),
];

/** A middleware, which no chain has then. */
function middleware(name: string) {
  const without = change<readonly string[]>("dynamic.http.routers.*.middlewares", (chain) =>
    chain.filter((one) => one !== name),
  );
  return { name: `\`${name}\``, without };
}

function entryPoint(key: string) {
  return { name: `\`${key}\``, without: drop(`${SECURE}.${key}`) };
}

function tls(key: string) {
  return { name: `\`${key}\` of TLS`, without: drop(`dynamic.tls.options.default.${key}`) };
}
