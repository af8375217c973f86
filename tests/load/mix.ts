import { randomBytes } from "node:crypto";
import { z } from "zod";
import { User } from "../stack/user.ts";
import type { TestOutputs } from "../support/outputs.ts";
import type { Target } from "./target.ts";

const USERS = 24;
/** What is asked, in turn: mostly reading, as shops are used, with a buy and a login among each twenty requests. */
const READS = ["/authentication/whoami", "/products", "/orders"];
const TURN = 20;
const BUY = 7;
const LOGIN = 17;

const JSON_BODY = { "content-type": "application/json" };
const page = z.object({ items: z.array(z.object({ id: z.string(), stock: z.number() })) });

interface Shopper {
  readonly cookie: string;
  readonly credentials: string;
}

/** Signs some users up. @returns the requests that they make in turn, all of which are answered with 2xx in peace */
export async function shopping(outputs: TestOutputs): Promise<(turn: number) => Target> {
  const shoppers: Shopper[] = [];
  for (let count = 0; count < USERS; count++) shoppers.push(await signUp(outputs));
  const product = await bestStocked(outputs);
  const gateway = { origin: outputs.gatewayUrl, tls: { ca: outputs.gatewayCa } };
  return (turn) => {
    const { cookie, credentials } = shoppers[turn % USERS] as Shopper;
    switch (turn % TURN) {
      case BUY:
        return {
          ...gateway,
          kind: "buy",
          method: "POST",
          path: `/products/${product}/buy`,
          headers: { cookie },
        };
      case LOGIN:
        return {
          ...gateway,
          kind: "login",
          method: "POST",
          path: "/authentication/login",
          headers: JSON_BODY,
          body: credentials,
        };
      default:
        return { ...gateway, kind: "read", path: READS[turn % READS.length] ?? "", headers: { cookie } };
    }
  };
}

async function signUp(outputs: TestOutputs): Promise<Shopper> {
  const credentials = {
    username: `load-${randomBytes(6).toString("hex")}`,
    password: randomBytes(12).toString("base64url"),
  };
  const user = new User(outputs, 1);
  await user.expect(201, { method: "POST", path: "/authentication/registration", body: credentials });
  await user.signIn(credentials);
  await user.close();
  return { cookie: user.cookie, credentials: JSON.stringify(credentials) };
}

async function bestStocked(outputs: TestOutputs): Promise<string> {
  const admin = await User.admin(outputs);
  const { body } = await admin.ask({ method: "GET", path: "/products?limit=100" });
  await admin.close();
  const [best] = page.parse(body).items.toSorted((one, other) => other.stock - one.stock);
  if (best === undefined) throw new Error("nothing is sold");
  return best.id;
}
