import { catalog } from "../../services/catalog.ts";
import { allRoutes } from "../../services/shared/catalog.ts";
import type { Attack, Outcome } from "./attack.ts";
import { each, hold, tally } from "./attack.ts";
import { hostile, wrongFor } from "./values.ts";
import type { Schema } from "./values.ts";
import type { Target } from "./target.ts";
import { NO_PRODUCT } from "./target.ts";

interface Parameter {
  readonly name: string;
  readonly in: "query" | "header" | "path" | "cookie";
  readonly schema: Schema;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: Schema } } };
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const documents = allRoutes(catalog, { drills: false }).filter(
  ({ service, path, access }) => path === `/${service}/openapi.json` && access === "public",
);

/** Whose fields are names and passwords: each wrong one counts against the source, which is then kept out for a while. */
const THROTTLES_SOURCES = "authentication";

/** One value in one field of one route. */
interface Probe {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  /** Whether the document rules the value out. */
  readonly wrong: boolean;
}

export const fields: readonly Attack[] = documents.map(({ service, path }): Attack => ({
  family: "fields",
  threat: `every field of ${service}'s document, with SQL, odd texts, types, ranges and sizes: never a 5xx, and 400 where ruled out`,
  quick: true,
  needs: service === THROTTLES_SOURCES ? ["addresses"] : [],
  async run(target) {
    const { status, json } = await target.client().get(path);
    hold(status === 200, `the document answers ${status}`);
    return tally(await send(target, probesOf(json as Document)));
  },
}));

const forAdmins = allRoutes(catalog, { drills: false }).filter(({ access }) => access === "admin");
const isForAdmins = (probe: Probe) => forAdmins.some(({ path }) => probe.path.split("?")[0] === path);

async function send(target: Target, probes: readonly Probe[]): Promise<Outcome[]> {
  // Few requests for each user, so that the limits do not answer.
  const perUser = 25;
  const groups = [probes.filter(isForAdmins), probes.filter((probe) => !isForAdmins(probe))].flatMap((part) =>
    Array.from({ length: Math.ceil(part.length / perUser) }, (_, index) =>
      part.slice(index * perUser, (index + 1) * perUser),
    ),
  );
  const outcomes = await each(
    groups,
    async (group) => {
      const client = group.some(isForAdmins) ? await target.admin() : (await target.signUp()).client;
      return each(group, async ({ what, method, path, headers, body, wrong }) => {
        const { status } = await client.send(method, path, {
          headers,
          ...(body === undefined ? {} : { body }),
        });
        hold(status < 500, `${what}: ${status}`);
        if (wrong) hold([400, 401, 404, 413, 429, 431].includes(status), `${what} is let through: ${status}`);
        return { what, status };
      });
    },
    4,
  );
  return outcomes.flat();
}

function probesOf(document: Document): Probe[] {
  return Object.entries(document.paths)
    .flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, operation]) => [
        ...(operation.parameters ?? []).flatMap((parameter) =>
          parameterProbes(method.toUpperCase(), path, parameter),
        ),
        ...bodyProbes(document, method.toUpperCase(), path, operation),
      ]),
    )
    .filter(({ path }) => path !== "/validate" && !path.startsWith("/microservice/"));
}

function parameterProbes(method: string, path: string, { name, in: place, schema }: Parameter): Probe[] {
  const texts = [...hostile, ...wrongFor(schema)].filter((value) => typeof value !== "object").map(String);
  return texts
    .filter((text) => place !== "header" || /^[\x20-\x7e]+$/.test(text))
    .filter((text) => place !== "path" || !/[/\\?#%;\0]/.test(text))
    .map((text) => ({
      what: `${method} ${path}, ${name} in ${place}: ${text.slice(0, 40)}`,
      method,
      path:
        (place === "path"
          ? path.replace(`{${name}}`, encodeURIComponent(text.toWellFormed()))
          : path
        ).replaceAll(/\{\w+\}/g, NO_PRODUCT) +
        (place === "query" ? `?${name}=${encodeURIComponent(text.toWellFormed())}` : ""),
      headers: place === "header" ? { [name]: text } : {},
      wrong: false,
    }));
}

function bodyProbes(document: Document, method: string, path: string, { requestBody }: Operation): Probe[] {
  if (requestBody === undefined) return [];
  const schema = resolve(document, requestBody.content["application/json"].schema);
  const good = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, field]) => [
      name,
      field.example ?? field.minimum ?? "x",
    ]),
  );
  const probe = (what: string, body: unknown, wrong: boolean): Probe => ({
    what: `${method} ${path}, ${what}`,
    method,
    path: path.replaceAll(/\{\w+\}/g, NO_PRODUCT),
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    wrong,
  });
  return [
    ...[null, [], 1, "x", true, [good]].map((body) => probe(`body ${JSON.stringify(body)}`, body, true)),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
      ...hostile.map((value) => probe(`${name}: ${value.slice(0, 40)}`, { ...good, [name]: value }, false)),
      ...wrongFor(field).map((value) =>
        probe(`${name}: ${JSON.stringify(value).slice(0, 40)}`, { ...good, [name]: value }, true),
      ),
      ...(schema.required?.includes(name) ? [probe(`no ${name}`, { ...good, [name]: undefined }, true)] : []),
    ]),
  ];
}

function resolve({ components }: Document, schema: Schema): Schema {
  const name = schema.$ref?.split("/").at(-1);
  return name === undefined ? schema : (components.schemas[name] ?? schema);
}
