/**
 * A service without a domain, as the main of every service makes one, for the tests of the server, which start it
 * as a process. `GET /orders` answers with the caller's name; with `?wait` it tells the test that it is in flight
 * and answers once the test says so, with `?pieces` it answers in several writes.
 */
import { createServiceApp } from "../../services/shared/app.ts";
import { createBase } from "../../services/shared/base.ts";
import { certificateCaller } from "../../services/shared/callers.ts";
import { readEnvironment, serviceEnvironment } from "../../services/shared/config.ts";
import { serve } from "../../services/shared/server.ts";

/** What the process tells the test. */
export type Report = "serving" | "in flight" | "closed the pool" | "closed the client";

const tell = (report: Report) => process.send?.(report);

const base = await createBase("orders", readEnvironment(serviceEnvironment));
const app = createServiceApp("orders", base);

const { promise: goOn, resolve } = Promise.withResolvers<unknown>();
process.on("message", resolve);

app.get("/orders", async (c) => {
  if (c.req.query("wait") !== undefined) {
    tell("in flight");
    await goOn;
  }
  if (c.req.query("pieces") !== undefined) return c.body(new Blob(['{"pie', 'ces":2}']).stream());
  return c.json({ caller: certificateCaller(c.env), version: c.req.header("x-test") ?? null });
});
app.post("/microservice/orders/add", async (c) =>
  c.json({ caller: certificateCaller(c.env), body: (await c.req.json()) as unknown }, 201),
);

const closing = (report: Report) => () => {
  tell(report);
  return Promise.resolve();
};
await serve(app, {
  ...base,
  close: [closing("closed the client"), closing("closed the pool")],
});
tell("serving");
