import { once } from "node:events";
import { connect } from "node:tls";
import { LEAF_DAYS } from "../../../rotation/lifetimes.ts";
import type { TestOutputs } from "../../support/outputs.ts";
import { until } from "../cluster.ts";
import type { LoadResult } from "../load.ts";
import { expectNoFailure, underLoad } from "../load.ts";
import { User } from "../user.ts";
import type { Drill, DrillContext } from "./drill.ts";
import { calm } from "./drill.ts";

/**
 * The signing key is rotated under load without a failed request, and its tokens end with it. Leaves and the CA are
 * rotated too: everything works after each step. Where the database is one node, requests fail while that node takes
 * its certificate, and the figure says how many.
 */
export const rotation: Drill = async (context) => {
  await calm(context);
  const keys = await rotateSigningKeys(context);
  const leaves = await takeSteps(context, "leaves", 1);
  await expectService(context.outputs);
  const renewal = await renewLeaves(context);
  const ca = await takeAuthoritySteps(context);
  return (
    `signing keys: ${keys}; leaves: ${told(leaves)}, renewed near their end by a plain update: ${told(renewal)}; ` +
    `the CA: ${told(ca)}`
  );
};

/** A plain update leaves certificates alone for two thirds of their life, and renews them in the last. */
async function renewLeaves(context: DrillContext): Promise<LoadResult> {
  const { outputs } = context;
  const before = await shownCertificate(outputs);
  const twoThirds = (LEAF_DAYS * 2) / 3;
  await context.age(twoThirds - 1);
  await context.deploy({});
  if ((await shownCertificate(outputs)) !== before) throw new Error("leaves are renewed too early");
  await context.age(2);
  const result = await underLoad(outputs, () => context.deploy({}));
  await until("the gateway shows the new certificate", 60, async () => {
    return (await shownCertificate(outputs)) !== before;
  });
  await expectService(outputs);
  context.say(`renewed by a plain update: ${told(result)}`);
  return result;
}

/** Serial number of the certificate that clients see. */
async function shownCertificate({ gatewayUrl, gatewayCa: ca }: TestOutputs): Promise<string> {
  const { hostname: host, port } = new URL(gatewayUrl);
  const socket = connect({ host, port: Number(port || "443"), ca });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerX509Certificate()?.serialNumber ?? "";
  } finally {
    socket.destroy();
  }
}

/** Takes steps of a kind without a failed request, where the database goes on meanwhile. */
export async function rotateKind(context: DrillContext, kind: string, steps: number): Promise<string> {
  const fared = expectNoFailure(`while ${kind} were rotated`, await takeSteps(context, kind, steps));
  await expectService(context.outputs);
  return fared;
}

/** Rotates the CA without a failed request, where the database goes on meanwhile. */
export async function rotateAuthority(context: DrillContext): Promise<string> {
  return expectNoFailure("while the CA was rotated", await takeAuthoritySteps(context));
}

/** Rotates the signing key without a failed request; its tokens are good until it is retired, and then no more. */
export async function rotateSigningKeys(context: DrillContext): Promise<string> {
  const { outputs, say } = context;
  const before = await User.signUp(outputs);
  const accepted = await takeSteps(context, "signing-keys", 2);
  await before.expect(200, { method: "GET", path: "/authentication/whoami" });
  // The load signs in anew, and so has a token of the new key when the old one is retired.
  const retired = await takeSteps(context, "signing-keys", 1);
  await before.expect(401, { method: "GET", path: "/authentication/whoami" });
  await before.close();
  const fared = expectNoFailure("while the signing key was rotated", sum([accepted, retired]));
  say(`signing keys rotated: ${fared}`);
  return fared;
}

async function takeAuthoritySteps(context: DrillContext): Promise<LoadResult> {
  const introduced = await takeSteps(context, "ca", 1);
  // From here on a client that reads the outputs trusts both, and is content to the end.
  const both = await context.readOutputs();
  const rest = await takeSteps(context, "ca", 2, both);
  await expectService(both);
  await expectService(await context.readOutputs());
  const refused = await expectService(context.outputs).then(
    () => false,
    (error: unknown) => /certificate|issuer/i.test(String(error)),
  );
  if (!refused) throw new Error("a client that trusts the retired CA alone takes the gateway's certificate");
  return sum([introduced, rest]);
}

/** Takes one step after the other while clients go on. */
async function takeSteps(
  context: DrillContext,
  kind: string,
  steps: number,
  outputs: TestOutputs = context.outputs,
): Promise<LoadResult> {
  const results: LoadResult[] = [];
  for (let step = 0; step < steps; step++) {
    const result = await underLoad(outputs, () => context.rotate(kind));
    context.say(`a step of ${kind}: ${told(result)}`);
    results.push(result);
  }
  return sum(results);
}

/** Somebody new signs up, and is known: every part of that works. */
async function expectService(outputs: TestOutputs): Promise<void> {
  const user = await User.signUp(outputs);
  await user.expect(200, { method: "GET", path: "/orders" });
  await user.close();
}

function sum(results: readonly LoadResult[]): LoadResult {
  return {
    requests: results.reduce((all, { requests }) => all + requests, 0),
    resent: results.reduce((all, { resent }) => all + resent, 0),
    failures: results.flatMap(({ failures }) => failures),
  };
}

function told({ requests, failures }: LoadResult): string {
  return `${failures.length} of ${requests} requests failed`;
}
