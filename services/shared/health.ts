import type { Hono } from "hono";

/** Whether this process is well, and whether it wants requests. */
export class Health {
  #broken = false;
  #draining = false;

  /** The drill: from here on liveness fails, until whoever watches restarts the process. */
  break(): void {
    this.#broken = true;
  }

  /** Readiness fails from here on; requests that still come are served. */
  drain(): void {
    this.#draining = true;
  }

  get alive(): boolean {
    return !this.#broken;
  }

  get ready(): boolean {
    return !this.#broken && !this.#draining;
  }
}

/** `GET /health` for liveness and `GET /health/ready` for readiness: the only paths open without a certificate. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- an app of any environment has these routes
export function mountHealth(app: Hono<any>, health: Health): void {
  app.get("/health", (c) => (health.alive ? c.json({ status: "ok" }) : c.json({ status: "broken" }, 500)));
  app.get("/health/ready", (c) =>
    health.ready ? c.json({ status: "ready" }) : c.json({ status: "not ready" }, 503),
  );
}
