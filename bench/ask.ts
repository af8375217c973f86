import type { OutgoingHttpHeaders } from "node:http";
import type { RequestOptions } from "node:https";
import { request } from "node:https";

export interface Answer {
  readonly status: number;
  readonly cookies: readonly string[];
  readonly body: string;
}

/** One request on a connection of its own. */
export function ask(
  url: string,
  options: RequestOptions & { readonly headers?: OutgoingHttpHeaders },
  body = "",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { agent: false, servername: "localhost", timeout: 10_000, ...options },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            cookies: response.headers["set-cookie"] ?? [],
            body: text,
          }),
        );
      },
    );
    sent.on("error", reject).on("timeout", () => sent.destroy(new Error(`${url} did not answer`)));
    sent.end(body);
  });
}
