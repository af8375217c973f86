/**
 * How the gateway's doors treat a request before any router sees it, in the words of Traefik's static
 * configuration. The local platform writes it to a file, the stack passes it to the chart.
 */

/** Names of the entry points: the only way in, and the redirect to it. */
export const SECURE_ENTRY_POINT = "websecure";
export const REDIRECT_ENTRY_POINT = "web";

/** `http` of the secure entry point. */
export const entryPointHttp = {
  // X_User_ID and X-User-ID are one header to many a backend: a request with such an alias is refused.
  aliasHeadersStrategy: "reject",
  // Larger headers would break the HTTP/2 connection to ForwardAuth for other clients too.
  maxHeaderBytes: 8192,
  sanitizePath: true,
  // An encoded separator would be routed as text here and read as a separator behind.
  encodedCharacters: {
    allowEncodedSlash: false,
    allowEncodedBackSlash: false,
    allowEncodedNullCharacter: false,
    allowEncodedSemicolon: false,
    allowEncodedPercent: false,
    allowEncodedQuestionMark: false,
    allowEncodedHash: false,
  },
} as const;

/** `transport` of the secure entry point: slow headers and slow bodies are cut. */
export const entryPointTransport = {
  respondingTimeouts: { readTimeout: "15s", writeTimeout: "60s", idleTimeout: "90s" },
  lifeCycle: { graceTimeOut: "8s" },
} as const;

/** `http2` of the secure entry point. */
export const entryPointHttp2 = { maxConcurrentStreams: 128 } as const;

/** What every client's TLS handshake must meet: Mozilla's "modern" profile. */
export const tlsOptions = {
  minVersion: "VersionTLS13",
  curvePreferences: ["X25519", "CurveP256", "CurveP384"],
  alpnProtocols: ["h2", "http/1.1"],
} as const;
