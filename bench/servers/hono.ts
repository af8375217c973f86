import { createServer } from "node:https";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { answer } from "./answer.ts";
import { port, tls } from "./options.ts";

/** The same in Hono, as its guide has it. */
const app = new Hono();
app.get("/products", (c) => c.json(answer));
serve({ fetch: app.fetch, createServer, serverOptions: tls, port, hostname: "127.0.0.1" });
