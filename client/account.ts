import type { Cookies } from "./cookies.ts";
import { acceptCookies, cookieHeader, isLive } from "./cookies.ts";
import { SignedOutError } from "./errors.ts";
import type { Answer, Gateway, GatewayRequest } from "./gateway.ts";
import { refusal } from "./refusal.ts";
import type { SessionStore } from "./session.ts";
import { uninterrupted } from "./uninterrupted.ts";

/** Requests in the name of the user who is signed in. */
export interface Account {
  /** Sends the credentials and keeps the session that they open. */
  signIn(request: GatewayRequest): Promise<Answer>;
  /**
   * Sends a request with the session's access token, and once more with a new one if it is refused with 401.
   * @throws SignedOutError where there is no session, or it has ended
   */
  send(request: GatewayRequest): Promise<Answer>;
  /** Forgets the session. */
  signOut(): Promise<void>;
}

const REFRESH = { method: "POST", path: "/authentication/refresh" } as const;

export function createAccount(gateway: Gateway, store: SessionStore): Account {
  return {
    signIn: (request) =>
      gateway.send({
        ...request,
        onHead: async ({ status, headers }) => {
          if (status === 200) await store.exclusively(() => store.save(acceptCookies({}, headers)));
        },
      }),
    send: async (request) => {
      const cookies = await store.read();
      if (isLive(cookies.jwt)) {
        const answer = await sendWith(cookies, request);
        if (answer.status !== 401) return answer;
      }
      return sendWith(await renew(cookies.jwt?.value), request);
    },
    signOut: () => store.exclusively(() => store.clear()),
  };

  function sendWith(cookies: Cookies, request: GatewayRequest): Promise<Answer> {
    const cookie = cookieHeader(cookies, request.path);
    return gateway.send({
      ...request,
      headers: { ...request.headers, ...(cookie === undefined ? {} : { cookie }) },
    });
  }

  /**
   * Exchanges the refresh token. It works once, and a second use ends the session: so one client at a time, and
   * each looks first whether another has been here with the same access token.
   */
  function renew(refused: string | undefined): Promise<Cookies> {
    return store.exclusively(() =>
      uninterrupted(async () => {
        const cookies = await store.read();
        if (isLive(cookies.jwt) && cookies.jwt.value !== refused) return cookies;
        if (!isLive(cookies.refresh)) throw new SignedOutError("You are not signed in.");
        return refresh(cookies);
      }),
    );
  }

  async function refresh(cookies: Cookies): Promise<Cookies> {
    let renewed = cookies;
    const answer = await sendWith(cookies, {
      ...REFRESH,
      // At once: the old token is worthless from here on, and the rest of the answer may never come.
      onHead: async ({ status, headers }) => {
        if (status !== 200) return;
        renewed = acceptCookies(cookies, headers);
        await store.save(renewed);
      },
    });
    if (answer.status === 401) {
      await store.clear();
      throw new SignedOutError("Your session has ended.");
    }
    if (answer.status !== 200) throw refusal(answer);
    return renewed;
  }
}
