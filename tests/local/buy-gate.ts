import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:https";
import { createServer, request } from "node:https";
import type { CertificateAuthority } from "../../local/certificates.ts";

/** Does what it wants when products asks orders for an order: pass it on, or not, and answer, or not. */
export type GateKeeper = (forward: () => Promise<void>) => Promise<"answer" | "drop">;

export interface GateOptions {
  readonly authority: CertificateAuthority;
  readonly ports: { readonly orders: number; readonly gate: number };
}

/** Stands where orders is expected, with its certificate, and passes on what the keeper lets through. */
export function openGate({ authority, ports }: GateOptions, keeper: () => GateKeeper | undefined): Server {
  const { certFile, keyFile } = authority.files("orders");
  const server = createServer(
    { cert: readFileSync(certFile), key: readFileSync(keyFile) },
    (asked, answer) => {
      void pass(asked, answer).catch(() => asked.socket.destroy());
    },
  );

  async function pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of asked) chunks.push(chunk as Buffer);
    let status = 0;
    const forward = async () => {
      const target = {
        authority,
        as: "products",
        service: "orders",
        port: ports.orders,
        path: asked.url ?? "",
      };
      status = await call({ ...target, headers: {}, body: Buffer.concat(chunks).toString() });
    };
    const keep = keeper() ?? (async (next: () => Promise<void>) => next().then(() => "answer" as const));
    if ((await keep(forward)) === "drop") asked.socket.destroy();
    else answer.writeHead(status, { "content-type": "application/json" }).end("{}");
  }
  return server.listen(ports.gate, "127.0.0.1");
}

/** Posts to a service with the certificate of a caller. @returns the status @throws where no answer comes */
export function call(options: {
  authority: CertificateAuthority;
  as: string;
  service: string;
  port: number;
  path: string;
  headers: Record<string, string>;
  body?: string;
}): Promise<number> {
  const { authority, as, service, body, headers, port, path } = options;
  const { certFile, keyFile } = authority.files(as);
  const identity = {
    ca: authority.pem,
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    servername: service,
  };
  return new Promise((resolve, reject) => {
    const type = body === undefined ? {} : { "content-type": "application/json" };
    const target = {
      host: "127.0.0.1",
      port,
      path,
      method: "POST",
      agent: false,
      headers: { ...type, ...headers },
    };
    const sent = request({ ...target, ...identity }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
      response.on("error", reject);
    });
    sent.on("error", reject).end(body);
  });
}
