/** Where every container that has a certificate finds it. */
export const CERTIFICATE_FOLDER = "/etc/gatehouse/tls";

/** `<PREFIX>_CA_FILE` and its like: where a certificate, its key and the platform's CA are. */
export function certificateVariables<P extends string>(prefix: P, folder = CERTIFICATE_FOLDER) {
  return {
    [`${prefix}_CA_FILE`]: `${folder}/ca.crt`,
    [`${prefix}_CERT_FILE`]: `${folder}/tls.crt`,
    [`${prefix}_KEY_FILE`]: `${folder}/tls.key`,
  } as Record<`${P}_CA_FILE` | `${P}_CERT_FILE` | `${P}_KEY_FILE`, string>;
}
