/**
 * Name of a service's login in one generation of its password. A database keeps one password for each login, so that
 * two passwords can be good at once only where there are two logins. All of them are members of the role that has the
 * service's name, and with it the rights.
 */
export function loginName(service: string, generation: number): string {
  return `${service}_${generation}`;
}

/** Whether a role is such a login. No service's name holds an underscore. */
export function isLoginOf(service: string, role: string): boolean {
  return role.startsWith(`${service}_`) && /^\d+$/.test(role.slice(service.length + 1));
}
