import { NetworkError } from "./errors.ts";

interface Kind {
  /** Codes of Node, OpenSSL and undici. */
  readonly codes: RegExp;
  /** Said after the gateway's URL. */
  readonly says: string;
  readonly hint: string;
  /** Whether the request may have reached the platform all the same. */
  readonly mayHaveArrived: boolean;
}

const RUNNING = "Is the platform running? `npm start` starts it; --outputs names the outputs of another one.";

/** The first that fits is told. */
const kinds: readonly Kind[] = [
  {
    codes: /^(CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED|.*SELF_SIGNED_CERT.*|UNABLE_TO_(GET|VERIFY)_.*)$/,
    says: "shows a certificate that is not of the platform in the outputs",
    hint: "Another platform answers there, or the outputs are old: use the outputs of the one that is running.",
    mayHaveArrived: false,
  },
  {
    codes: /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/,
    says: "shows a certificate that is not valid at this time",
    hint: "Check this machine's clock, then restart the platform to renew its certificates.",
    mayHaveArrived: false,
  },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    says: "shows a certificate for another host",
    hint: "Use the gatewayUrl that the platform printed.",
    mayHaveArrived: false,
  },
  {
    codes: /^(ERR_SSL_.*|EPROTO)$/,
    says: "does not speak TLS as the platform does",
    hint: "Does another program listen there? Check gatewayUrl in the outputs.",
    mayHaveArrived: false,
  },
  {
    codes: /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/,
    says: "cannot be reached",
    hint: RUNNING,
    mayHaveArrived: false,
  },
  {
    codes: /TIMEOUT|TimeoutError/,
    says: "did not answer in time",
    hint: "Try again. If it goes on, look at what the platform prints.",
    mayHaveArrived: true,
  },
  { codes: /(?:)/, says: "broke off the connection", hint: RUNNING, mayHaveArrived: true },
];

/** Says why no answer came from the gateway, and what to do. */
export function networkError(cause: unknown, url: string): NetworkError {
  const code = codeOf(cause);
  const kind = kinds.find(({ codes }) => codes.test(code));
  const { says = "", ...options } = kind ?? {};
  return new NetworkError(`${url} ${says}${code === "" ? "" : ` (${code})`}.`, { ...options, cause });
}

/** The innermost code: fetch wraps the reason in a TypeError, and several addresses in an AggregateError. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if (error.cause instanceof Error) return codeOf(error.cause);
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.name === "TimeoutError" ? error.name : "";
}
