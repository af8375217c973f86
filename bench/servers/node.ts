import { createServer } from "node:https";
import { answer } from "./answer.ts";
import { port, tls } from "./options.ts";

/** The least that can answer: node:https and nothing else. */
createServer(tls, (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
}).listen(port, "127.0.0.1");
