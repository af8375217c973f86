/** The lines of a request's head, and the body where they call for one. */
export interface Forgery {
  readonly head: string;
  readonly trailer: string;
}

const IDENTITY = ["X-User-ID", "X-User-Role"];

type Line = (name: string, value: string) => string;

/** Signs of a header's name (RFC 9110, section 5.6.2) that CGI and its descendants read as the underscore of a dash. */
const ALIAS_SIGNS = ["_", ".", "!", "#", "$", "%", "&", "'", "*", "+", "^", "`", "|", "~"];

/** Names that are another header's to many a server: a request with one is to be refused as it comes. */
const aliases: Record<string, Line> = {
  "with one underscore": (name, value) => `${name.replace("-", "_")}: ${value}`,
  ...Object.fromEntries(
    ALIAS_SIGNS.map((sign): [string, Line] => [
      `with ${sign} for dashes`,
      (name, value) => `${name.replaceAll("-", () => sign)}: ${value}`,
    ]),
  ),
};
export const isAlias = (how: string) => how in aliases;

/** Ways to send a header so that somebody on the way may read it as an identity header. */
const lines: Record<string, Line> = {
  "as they are": (name, value) => `${name}: ${value}`,
  "in lower case": (name, value) => `${name.toLowerCase()}: ${value}`,
  "in upper case": (name, value) => `${name.toUpperCase()}: ${value}`,
  "sent twice": (name, value) => `${name}: ${value}\r\n${name}: ${value}`,
  "empty, then filled": (name, value) => `${name}:\r\n${name}: ${value}`,
  ...aliases,
  "with a space before the colon": (name, value) => `${name} : ${value}`,
  "with a tab before the colon": (name, value) => `${name}\t: ${value}`,
  "in a folded line": (name, value) => `X-Fold: a\r\n ${name}: ${value}`,
  "behind a bare line feed": (name, value) => `X-Fold: a\n${name}: ${value}`,
  "listed as a hop's own": (name, value) => `${name}: ${value}\r\nConnection: ${name}`,
  "listed, in another case": (name, value) =>
    `${name.toLowerCase()}: ${value}\r\nConnection: ${name.toUpperCase()}, X-User-Id`,
};

/** Forgeries of a user's id and of the role admin, by how they are written. */
export const forgedHeaders: Record<string, (id: string) => Forgery> = {
  ...Object.fromEntries(
    Object.entries(lines).map(([how, line]) => [
      how,
      (id: string) => ({
        head: IDENTITY.map((name) => `${line(name, name === "X-User-ID" ? id : "admin")}\r\n`).join(""),
        trailer: "",
      }),
    ]),
  ),
  "as trailers": (id) => ({
    head: `Trailer: ${IDENTITY.join(", ")}\r\nTransfer-Encoding: chunked\r\n`,
    trailer: `0\r\nX-User-ID: ${id}\r\nX-User-Role: admin\r\n\r\n`,
  }),
};

/** Headers in which proxies tell of the client and of the request as it was: none of them is to be believed. */
export const proxyHeaders: readonly string[] = [
  "X-Forwarded-For",
  "X-Real-Ip",
  "X-Client-IP",
  "X-Cluster-Client-IP",
  "True-Client-IP",
  "CF-Connecting-IP",
];
export const forwardedRequest: Readonly<Record<string, string>> = {
  Forwarded: "for=10.0.0.1;host=orders;proto=https",
  "X-Forwarded-Host": "authentication",
  "X-Forwarded-Proto": "http",
  "X-Forwarded-Port": "443",
  "X-Forwarded-Server": "gateway",
  "X-Forwarded-Prefix": "/authentication/login",
  "X-Forwarded-Uri": "/authentication/login",
  "X-Forwarded-Method": "OPTIONS",
  "X-Original-URL": "/authentication/login",
  "X-Rewrite-URL": "/authentication/login",
  "X-HTTP-Method-Override": "OPTIONS",
  "X-Forwarded-Tls-Client-Cert": "gateway",
  "X-Forwarded-Tls-Client-Cert-Info": 'Subject="CN=gateway"',
};
