import type { Ring } from "../rotation/ring.ts";
import { catalog } from "../services/catalog.ts";
import { GATEWAY, PROMETHEUS, servicesWithDatabase } from "../services/shared/catalog.ts";
import type { Leaf } from "./certificates.ts";
import { CertificateAuthority } from "./certificates.ts";
import { databaseCertificate } from "./database.ts";
import { HOST } from "./ports.ts";
import type { StateFolder } from "./state.ts";

/** Name of the certificate that clients of the gateway see. */
export const EDGE = "edge";

/** Opens the CA and issues every certificate that the catalog asks for. */
export async function issueCertificates(folder: StateFolder, ring?: Ring): Promise<CertificateAuthority> {
  const authority = await CertificateAuthority.open(folder, ring);
  await issueLeaves(authority, () => false);
  return authority;
}

/**
 * Issues a certificate for each service and its callers, and each database login.
 * @param renew says of which it is issued in any case, whatever is there
 */
export async function issueLeaves(
  authority: CertificateAuthority,
  renew: (name: string) => boolean,
): Promise<void> {
  const local = ["localhost", HOST];
  const logins = ["root", ...servicesWithDatabase(catalog)];
  const leaves: Record<string, Leaf> = {
    [EDGE]: { commonName: "localhost", hosts: [...local, "::1"], usages: ["serverAuth"] },
    [GATEWAY]: { commonName: GATEWAY, hosts: [GATEWAY], usages: ["clientAuth"] },
    [PROMETHEUS]: { commonName: PROMETHEUS, hosts: [PROMETHEUS], usages: ["clientAuth"] },
    node: { commonName: "node", hosts: local, usages: ["serverAuth"] },
  };
  for (const service of Object.keys(catalog)) {
    leaves[service] = {
      commonName: service,
      hosts: [service, ...local],
      usages: ["serverAuth", "clientAuth"],
    };
  }
  for (const login of logins) {
    leaves[databaseCertificate(login)] = { commonName: login, hosts: [login], usages: ["clientAuth"] };
  }
  await Promise.all(
    Object.entries(leaves).map(([name, leaf]) => authority.issue(name, leaf, { renew: renew(name) })),
  );
}
