import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Route } from "../../services/shared/catalog.ts";
import type { SignedIn } from "../support/client.ts";
import type { Attack } from "./attack.ts";
import { each, hold, holdStatuses } from "./attack.ts";
import type { Forge } from "./forge.ts";
import { forgeOf, newForge, partsOf, signingForge } from "./forge.ts";
import type { Target } from "./target.ts";
import { exposed, isDrill, isPublic, ofPresent, pathOf } from "./target.ts";

const guarded = exposed.filter((route) => !isPublic(route));
/** Enough for every replica to get some. */
const REPLAYS = 24;

/** What comes of tokens on some routes. */
async function present(target: Target, tokens: Record<string, string>, asked: readonly Route[]) {
  const outcomes = await each(Object.entries(tokens), async ([what, token]) => {
    const client = target.client();
    return each(asked, async (route) => {
      const headers = { authorization: `Bearer ${token}` };
      const { status } = await client.send(route.method, pathOf(route), { headers });
      return { what: `${what}: ${route.path}`, status, route };
    });
  });
  return ofPresent(outcomes.flat());
}

async function refused(target: Target, tokens: Record<string, string>): Promise<string> {
  const others = await present(
    target,
    tokens,
    guarded.filter((route) => !isDrill(route)),
  );
  holdStatuses(others, [401]);
  // Only now: a drill that took one of these tokens would break its replica for all cases that follow.
  const drills = await present(target, tokens, guarded.filter(isDrill));
  return `${Object.keys(tokens).length} tokens, ${holdStatuses([...others, ...drills], [401])}`;
}

const tokenOf = ({ client }: SignedIn) => client.cookies.get("jwt") ?? "";

/** A case over tokens that are made from a genuine one, on every route that wants one. */
const forged = (
  threat: string,
  make: (genuine: string, target: Target) => Record<string, string>,
): Attack => ({
  family: "tokens",
  threat: `${threat}, on all ${guarded.length} routes that want a token`,
  quick: true,
  run: async (target) => refused(target, make(tokenOf(await target.signUp()), target)),
});

/** A case over tokens signed by the platform's own key. The first must be accepted, or nothing else says anything. */
const signed = (threat: string, make: (forge: Forge, now: number) => Record<string, string>): Attack => ({
  ...forged(threat, () => ({})),
  needs: ["state"],
  async run(target) {
    const forge = signingForge(target, tokenOf(await target.signUp()));
    const whoami = await target
      .client()
      .get("/authentication/whoami", { headers: { authorization: `Bearer ${forge({}, {})}` } });
    hold(whoami.status === 200, `a token made as the platform makes it gets ${whoami.status}`);
    return refused(target, make(forge, Math.floor(Date.now() / 1000)));
  },
});

export const tokens: readonly Attack[] = [
  forged("a token without a signature is refused, whatever it says of it", (genuine) => {
    const { header, payload } = partsOf(genuine);
    const bare = forgeOf(header, payload, () => Buffer.alloc(0));
    const algorithms = ["none", "None", "NONE", "nOnE", "", "HS256", "ES256"];
    return Object.fromEntries(algorithms.map((alg) => [`alg ${alg}`, bare({ alg }, {})]));
  }),
  forged("a token with one bit flipped in any part is refused", (genuine) => {
    const parts = genuine.split(".").map((part) => Buffer.from(part, "base64url"));
    const flips = parts.flatMap((part, index) =>
      [0, part.length >> 1, part.length - 1].map((position) => {
        const flipped = Buffer.from(part);
        flipped[position] = (flipped[position] ?? 0) ^ 1;
        const token = parts.map((bytes, at) => (at === index ? flipped : bytes).toString("base64url"));
        return [`part ${index}, byte ${position}`, token.join(".")];
      }),
    );
    return Object.fromEntries(flips) as Record<string, string>;
  }),
  forged(
    "a token of another key is refused, also with the kid of ours, as one of a key that was taken out is",
    (genuine) => {
      const forge = newForge(genuine);
      return {
        "our kid": forge({}, {}),
        "a kid of its own": forge({ kid: "2020-01" }, {}),
        "no kid": forge({ kid: undefined }, {}),
        "a kid that is a path": forge({ kid: "../../../../dev/null" }, {}),
        "a kid that is SQL": forge({ kid: "x' union select 'key" }, {}),
      };
    },
  ),
  forged("what is no token is refused", (genuine) => {
    const [header = "", payload = "", signature = ""] = genuine.split(".");
    return {
      nothing: "x",
      "three letters": "a.b.c",
      "two parts": `${header}.${payload}`,
      "four parts": `${genuine}.${signature}`,
      "an encrypted token's five parts": "a.b.c.d.e",
      "another's signature": `${header}.${payload}.${"A".repeat(86)}`,
      "twice itself": `${genuine}${genuine}`,
    };
  }),
  {
    family: "tokens",
    threat:
      "a token that brings its own key, or the place to fetch it from, is refused and nothing is fetched",
    quick: true,
    async run(target) {
      let fetched = 0;
      const server = createServer((_request, response) => {
        fetched += 1;
        response.end("{}");
      }).listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys.json`;
      const forge = newForge(tokenOf(await target.signUp()));
      const figure = await refused(target, {
        jwk: forge({ jwk: forge.publicKey }, {}),
        "jwk and its kid": forge({ jwk: forge.publicKey, kid: "thief" }, {}),
        jku: forge({ jku: url }, {}),
        "jku and another kid": forge({ jku: url, kid: "thief" }, {}),
        x5u: forge({ x5u: url }, {}),
        x5c: forge({ x5c: ["MIIB"] }, {}),
      });
      server.close();
      hold(fetched === 0, `the platform fetched ${fetched} times what a token named`);
      return `${figure}; 0 fetches`;
    },
  },
  signed("a token signed by our key is refused where its header is not an access token's", (forge) => ({
    "typ JWT": forge({ typ: "JWT" }, {}),
    "typ of a refresh token": forge({ typ: "rt+jwt" }, {}),
    "no typ": forge({ typ: undefined }, {}),
    "no kid": forge({ kid: undefined }, {}),
    "another kid": forge({ kid: "x" }, {}),
    "another alg": forge({ alg: "ES384" }, {}),
    "a crit": forge({ crit: ["exp"], exp: 1 }, {}),
  })),
  signed("a token signed by our key is refused where any claim is past its edge", (forge, now) => ({
    "another issuer": forge({}, { iss: "gatehouse2" }),
    "another audience": forge({}, { aud: "gatehouse2" }),
    "a user who has no such session": forge({}, { sub: randomUUID() }),
    "a session that is not": forge({}, { sid: randomUUID() }),
    "a user that is no id": forge({}, { sub: "admin" }),
    "an end that has come": forge({}, { iat: now - 100, exp: now }),
    "a birth a minute ahead": forge({}, { iat: now + 60, exp: now + 960 }),
    "a start a minute ahead": forge({}, { nbf: now + 60 }),
    "a birth too long ago": forge({}, { iat: now - 901, exp: now + 900 }),
    ...Object.fromEntries(
      ["iss", "aud", "sub", "sid", "jti", "iat", "exp"].map((claim) => [
        `no ${claim}`,
        forge({}, { [claim]: undefined }),
      ]),
    ),
  })),
  signed("a token whose HMAC was made with our public key is refused", (forge) => forge.confusions()),
  {
    family: "tokens",
    threat: "after logout neither token works again, on any replica",
    quick: true,
    async run(target) {
      const alice = await target.signUp();
      const token = tokenOf(alice);
      const refreshToken = alice.client.cookies.get("refresh");
      const { status } = await alice.client.post("/authentication/logout");
      hold(status === 204, `logout answers ${status}`);
      const replays = await each(Array.from({ length: REPLAYS }), async () => {
        const headers = { authorization: `Bearer ${token}` };
        const answer = await target.client().get("/authentication/whoami", { headers });
        return { what: "replay", status: answer.status };
      });
      const again = await each(Array.from({ length: 4 }), async () => {
        const answer = await target.client().post("/authentication/refresh", { refreshToken });
        return { what: "refresh", status: answer.status };
      });
      return holdStatuses([...replays, ...again], [401]);
    },
  },
  {
    family: "tokens",
    threat: "a refresh token works once; its reuse, also by many at once, ends the session for everybody",
    quick: true,
    async run(target) {
      const alice = await target.signUp();
      const refreshToken = alice.client.cookies.get("refresh");
      const thieves = await each(Array.from({ length: 8 }), async () => {
        const thief = target.client();
        const { status } = await thief.post("/authentication/refresh", { refreshToken });
        return { thief, status };
      });
      const winners = thieves.filter(({ status }) => status === 200);
      hold(winners.length <= 1, `${winners.length} of 8 got tokens for one refresh token`);
      for (const { thief } of [{ thief: alice.client }, ...winners]) {
        const { status } = await thief.get("/authentication/whoami");
        hold(status === 401, `a token of the session answers ${status} after the reuse`);
      }
      return `${winners.length} of 8 at once got new tokens, which are worth nothing since`;
    },
  },
];
