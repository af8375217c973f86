/** Loaded before a service: its clock is SKEW_MS milliseconds ahead of the machine's. */
const skew = Number(process.env["SKEW_MS"]);
const RealDate = Date;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: [] | ConstructorParameters<typeof Date>) =>
    args.length === 0 ? new target(target.now() + skew) : new target(...args),
  get: (target, key, receiver): unknown =>
    key === "now" ? () => target.now() + skew : Reflect.get(target, key, receiver),
});
