import { html } from "hono/html";

/** Markup; what is put into it is escaped. Every view is made of this alone. */
export { html };
export type Html = ReturnType<typeof html>;
