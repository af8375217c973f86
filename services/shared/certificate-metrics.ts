import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { ServiceEnvironment } from "./config.ts";
import type { Metrics } from "./metrics.ts";

/** Shows when a service's own certificate and the platform's CA end, read anew each time: files are replaced. */
export function watchCertificates(
  metrics: Metrics,
  service: string,
  files: Pick<ServiceEnvironment, "TLS_CERT_FILE" | "TLS_CA_FILE">,
): void {
  const watch = (certificate: string, file: string) =>
    metrics.watch(
      "gatehouse_certificate_expiry_timestamp_seconds",
      "When a certificate ends, in seconds since 1970",
      { certificate },
      () => expiryOf(file),
    );
  watch(service, files.TLS_CERT_FILE);
  watch("ca", files.TLS_CA_FILE);
}

/** Seconds since 1970 at which the first of a file's certificates ends. @throws Error where the file has none */
async function expiryOf(file: string): Promise<number> {
  const pem = await readFile(file, "utf8");
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) throw new Error(`${file} holds no certificate`);
  return Math.min(...certificates.map((text) => new X509Certificate(text).validToDate.getTime() / 1000));
}
