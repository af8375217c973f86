import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { freePorts, HOST } from "./ports.ts";
import { ServiceAddress } from "./service-address.ts";

interface Replica {
  port: number;
  ready: boolean;
  readonly server: Server;
  readonly sockets: Set<Socket>;
}

/** A replica that answers a line with its name and the line and closes, and "stay" with its name alone. */
async function replica(name: string): Promise<Replica> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    let received = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      received += part;
      if (received === "stay\n") socket.write(name);
      else if (received.endsWith("\n")) socket.end(`${name}: ${received}`);
    });
  }).listen(0, HOST);
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, ready: true, server, sockets };
}

async function addressOf(...replicas: { port: number; ready: boolean }[]) {
  const address = new ServiceAddress(() => replicas);
  const [port = 0] = await freePorts(1);
  await address.listen(port);
  onTestFinished(() => address.close());
  return { address, port };
}

/** Sends a line on a connection of its own and gives the answer; "" where the connection is closed without one. */
async function ask(port: number, line = "hello"): Promise<string> {
  const socket = connect({ port, host: HOST });
  socket.write(`${line}\n`);
  return (await text(socket).catch(() => "")).trimEnd();
}

/** A connection that a replica has taken, and that stays open. */
async function stay(port: number): Promise<Socket> {
  const socket = connect({ port, host: HOST }).on("error", () => undefined);
  socket.write("stay\n");
  await once(socket, "data");
  return socket;
}

async function deadPort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

describe("the address of a service", () => {
  it("passes connections to its replicas in turn", async () => {
    const { port } = await addressOf(await replica("a"), await replica("b"), await replica("c"));
    const answers: string[] = [];
    for (let time = 0; time < 6; time++) answers.push(await ask(port));
    expect(answers).toEqual(["a", "b", "c", "a", "b", "c"].map((name) => `${name}: hello`));
  });

  it("leaves out a replica that is not ready, from the next connection on", async () => {
    const [a, b] = [await replica("a"), await replica("b")];
    const { port } = await addressOf(a, b);
    a.ready = false;
    expect([await ask(port), await ask(port), await ask(port)]).toEqual(Array(3).fill("b: hello"));
    a.ready = true;
    expect(new Set([await ask(port), await ask(port)])).toEqual(new Set(["a: hello", "b: hello"]));
  });

  it("passes a connection to the next replica where the first refuses it", async () => {
    const dead = { port: await deadPort(), ready: true };
    const { port } = await addressOf(dead, { port: await deadPort(), ready: true }, await replica("c"));
    const answers = await Promise.all([ask(port), ask(port), ask(port), ask(port)]);
    expect(answers).toEqual(Array(4).fill("c: hello"));
  });

  it("tries replicas that are not ready where no other is", async () => {
    const a = await replica("a");
    a.ready = false;
    const { port } = await addressOf({ port: await deadPort(), ready: false }, a);
    expect([await ask(port), await ask(port)]).toEqual(["a: hello", "a: hello"]);
  });

  it("closes a connection that no replica takes, and goes on", async () => {
    const replicas = [{ port: await deadPort(), ready: true }];
    const { port } = await addressOf(...replicas);
    expect(await ask(port)).toBe("");
    const { port: empty } = await addressOf();
    expect(await ask(empty)).toBe("");
    expect(await ask(port)).toBe("");
  });

  it("passes bytes on as they are, in both directions and in any amount", async () => {
    const { port } = await addressOf(await replica("a"));
    const line = "0123456789abcdef".repeat(256 * 1024);
    const socket = connect({ port, host: HOST });
    socket.write(`${line}\n`);
    const received = await text(socket);
    expect(received.length).toBe(line.length + "a: \n".length);
    expect(received).toBe(`a: ${line}\n`);
  });

  it("loses nothing of an answer that the client takes its time to read", async () => {
    const size = 6 * 1024 * 1024;
    const server = createServer((socket) => socket.end(Buffer.alloc(size))).listen(0, HOST);
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = await addressOf({ port: (server.address() as AddressInfo).port, ready: true });
    const client = connect({ port, host: HOST });
    await once(client, "connect");
    await new Promise((resolve) => setTimeout(resolve, 300));
    let received = 0;
    for await (const chunk of client) received += (chunk as Buffer).length;
    expect(received).toBe(size);
  });

  it("ends the other side where one side breaks off", async () => {
    const a = await replica("a");
    const { port } = await addressOf(a);
    const client = await stay(port);
    expect(a.sockets.size).toBe(1);
    client.destroy();
    await vi.waitFor(() => expect(a.sockets.size).toBe(0), { timeout: 5000 });

    const other = await stay(port);
    const closed = once(other, "close");
    for (const socket of a.sockets) socket.destroy();
    await closed;
  });

  it("ends its connections when it is closed, and takes no more", async () => {
    const a = await replica("a");
    const { address, port } = await addressOf(a);
    const closed = once(await stay(port), "close");
    await address.close();
    await closed;
    await vi.waitFor(() => expect(a.sockets.size).toBe(0), { timeout: 5000 });
    expect(await ask(port)).toBe("");
  });

  it("cannot be where something else is", async () => {
    const { port } = await addressOf();
    await expect(new ServiceAddress(() => []).listen(port)).rejects.toThrow("EADDRINUSE");
  });
});
