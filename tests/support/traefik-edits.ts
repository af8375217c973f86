type Json = Readonly<Record<string, unknown>>;

/** Traefik's configuration as the gateway reads it: `static` when it starts, `dynamic` also while it runs. */
export interface Configuration {
  readonly static: Json;
  readonly dynamic: Json;
}

/** A change of a configuration, in place. */
export type Edit = (configuration: Configuration) => void;

/**
 * Takes away what is at a path such as `dynamic.http.routers.*.service`, where a star is for every key.
 * @throws Error where nothing is there: what is to be taken out must have been in
 */
export const drop =
  (path: string): Edit =>
  (configuration) =>
    forEach(configuration, path, (parent, key) => Reflect.deleteProperty(parent, key));

/** Puts something at a path, in place of what is there or into a part that is there. */
export const put =
  (path: string, value: unknown): Edit =>
  (configuration) =>
    forEach(configuration, path, (parent, key) => Reflect.set(parent, key, value));

/** Puts what a function makes of it in place of what is at a path. */
export const change =
  <T>(path: string, make: (old: T) => T): Edit =>
  (configuration) =>
    forEach(configuration, path, (parent, key) => Reflect.set(parent, key, make(parent[key] as T)));

export const both =
  (one: Edit, other: Edit): Edit =>
  (configuration) => {
    one(configuration);
    other(configuration);
  };

function forEach(
  configuration: Configuration,
  path: string,
  edit: (parent: Json, key: string) => boolean,
): void {
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let parents: Json[] = [{ ...configuration }];
  for (const key of keys) {
    parents = parents.flatMap((parent) => (key === "*" ? Object.values(parent) : [parent[key]]) as Json[]);
  }
  const before = JSON.stringify(configuration);
  for (const parent of parents) if (typeof parent === "object") edit(parent, last);
  if (JSON.stringify(configuration) === before) throw new Error(`nothing changes at ${path}`);
}
