import { createAccount } from "./account.ts";
import type { Api } from "./api.ts";
import { createApi } from "./api.ts";
import type { Gateway } from "./gateway.ts";
import { openGateway } from "./gateway.ts";
import { outputsFile, readOutputs } from "./outputs.ts";
import { openSession } from "./session.ts";
import { spinning } from "./spinner.ts";

export interface Platform {
  readonly api: Api;
  readonly url: string;
}

/** Connects to the platform that the outputs name, for as long as the work takes. */
export async function withPlatform(
  outputs: string | undefined,
  work: (platform: Platform) => Promise<void>,
): Promise<void> {
  const found = await readOutputs(outputsFile(outputs));
  const store = await openSession(found.gatewayUrl);
  const gateway = shown(openGateway(found));
  try {
    await work({ api: createApi(gateway, createAccount(gateway, store)), url: found.gatewayUrl });
  } finally {
    await gateway.close();
  }
}

/** The same gateway, whose requests a person can see under way where they take long. */
function shown(gateway: Gateway): Gateway {
  return {
    send: (request) => spinning("Waiting for the platform", () => gateway.send(request)),
    close: () => gateway.close(),
  };
}
