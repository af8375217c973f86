import type {
  Http2SecureServer,
  Http2ServerRequest,
  Http2ServerResponse,
  ServerHttp2Session,
} from "node:http2";
import type { TLSSocket } from "node:tls";

/** Milliseconds after which an HTTP/2 connection is replaced, give or take a third: so that load spreads again. */
const SESSION_LIFE = 30_000;

/**
 * Milliseconds between a session's GOAWAY and its end. A request that crosses the GOAWAY on the way is one that the
 * client may send again elsewhere (RFC 9113, section 6.8), but only if it gets to read the GOAWAY: a connection that
 * closed at once would fail that request.
 */
const GOAWAY_GRACE = 1_000;

export interface Connections {
  /** Stops accepting, lets every request finish and resolves once the last connection is closed. */
  drain(): Promise<void>;
}

/**
 * Follows a server's connections, which node:http2 does not close by itself: HTTP/2 sessions live for a bounded
 * time and then end with GOAWAY, as all do when the server drains; idle HTTP/1.1 connections end at once and
 * busy ones after their answer.
 */
export function trackConnections(server: Http2SecureServer, sessionLife = SESSION_LIFE): Connections {
  const open = new Set<TLSSocket>();
  const lastClosed = Promise.withResolvers<undefined>();
  const sessions = new Set<ServerHttp2Session>();
  const busyByHttp1Socket = new Map<TLSSocket, number>();
  let draining = false;

  server.on("session", (session) => {
    sessions.add(session);
    const life = setTimeout(() => retire(session), sessionLife * (2 / 3 + (2 / 3) * Math.random()));
    session.on("close", () => {
      clearTimeout(life);
      sessions.delete(session);
    });
  });

  server.on("secureConnection", (socket: TLSSocket) => {
    open.add(socket);
    if (socket.alpnProtocol !== "h2") busyByHttp1Socket.set(socket, 0);
    socket.on("close", () => {
      open.delete(socket);
      busyByHttp1Socket.delete(socket);
      if (draining && open.size === 0) lastClosed.resolve(undefined);
    });
  });

  server.on("request", (request: Http2ServerRequest, response: Http2ServerResponse) => {
    if (request.httpVersionMajor >= 2) return;
    const socket = request.socket as TLSSocket;
    const count = (change: number) =>
      busyByHttp1Socket.set(socket, (busyByHttp1Socket.get(socket) ?? 0) + change);
    count(1);
    if (draining) response.setHeader("connection", "close");
    response.on("close", () => {
      if (socket.destroyed) return;
      count(-1);
      if (draining) socket.end();
    });
  });

  return {
    async drain() {
      draining = true;
      server.close();
      for (const session of sessions) retire(session);
      for (const [socket, busy] of busyByHttp1Socket) if (busy === 0) socket.end();
      // Not for the server's own "close", which waits for connections too on which TLS never began.
      if (open.size > 0) await lastClosed.promise;
    },
  };
}

/** Ends a session without failing a request: no new ones, then those that are open, then the connection. */
function retire(session: ServerHttp2Session): void {
  if (session.closed || session.destroyed) return;
  session.goaway();
  setTimeout(() => session.close(), GOAWAY_GRACE).unref();
}
