import type { Outputs } from "../local/platform.ts";
import { ask } from "./ask.ts";

/** Cookies of a session that goes on, and of one that was ended while its token is still good. */
export interface Sessions {
  readonly active: string;
  readonly ended: string;
}

export async function openSessions(outputs: Outputs): Promise<Sessions> {
  const ended = await signIn(outputs);
  await signOut(outputs, ended);
  return { active: await signIn(outputs), ended };
}

/** Ends a session by its cookie. */
export async function signOut({ gatewayUrl, gatewayCa }: Outputs, cookie: string): Promise<void> {
  const { status } = await ask(`${gatewayUrl}/authentication/logout`, {
    method: "POST",
    ca: gatewayCa,
    headers: { cookie },
  });
  if (status !== 204) throw new Error(`the logout was answered ${status}`);
}

/** @returns the cookie of a new session of the administrator */
export async function signIn({
  gatewayUrl,
  gatewayCa,
  adminUsername,
  adminPassword,
}: Outputs): Promise<string> {
  const { status, cookies } = await ask(
    `${gatewayUrl}/authentication/login`,
    { method: "POST", ca: gatewayCa, headers: { "content-type": "application/json" } },
    JSON.stringify({ username: adminUsername, password: adminPassword }),
  );
  const cookie = cookies.find((one) => one.startsWith("jwt="))?.split(";")[0];
  if (cookie === undefined) throw new Error(`the login was answered ${status}`);
  return cookie;
}
