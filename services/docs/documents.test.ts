import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Answer } from "../shared/internal-client.ts";
import { createDocuments, readAhead } from "./documents.ts";

const describing = (path: string): Answer => ({
  status: 200,
  body: { openapi: "3.1.0", paths: { [path]: { get: { responses: {} } } } },
});
const down = () => Promise.reject(new Error("connect ECONNREFUSED"));

describe("the documents of other services", () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["performance"] }));
  afterEach(() => vi.useRealTimers());

  const setUp = () => {
    const shop = vi.fn<(path: string) => Promise<Answer>>();
    const depot = vi.fn<(path: string) => Promise<Answer>>();
    const documents = createDocuments({ shop: { get: shop }, depot: { get: depot } });
    return { shop, depot, documents };
  };

  it("are asked of each service, and once for many readers", async () => {
    const { shop, depot, documents } = setUp();
    shop.mockResolvedValue(describing("/shop"));
    depot.mockResolvedValue(describing("/depot"));
    const [first, second] = await Promise.all([documents.read(), documents.read()]);
    expect(Object.keys(first.shop?.paths ?? {})).toEqual(["/shop"]);
    expect(second).toEqual(first);
    expect(shop.mock.calls).toEqual([["/shop/openapi.json"]]);
    expect(depot.mock.calls).toEqual([["/depot/openapi.json"]]);
  });

  it("are asked for again after a while", async () => {
    const { shop, depot, documents } = setUp();
    shop.mockResolvedValue(describing("/old"));
    depot.mockResolvedValue(describing("/depot"));
    await documents.read();
    shop.mockResolvedValue(describing("/new"));
    expect((await documents.read()).shop?.paths).toHaveProperty("/old");
    vi.advanceTimersByTime(11_000);
    expect((await documents.read()).shop?.paths).toHaveProperty("/new");
  });

  it.each([
    ["does not answer", down],
    ["answers with a problem", () => Promise.resolve({ status: 503, body: {} })],
    ["answers something else", () => Promise.resolve({ status: 200, body: { paths: 1 } })],
  ])("are those of before where a service %s", async (_, broken) => {
    const { shop, depot, documents } = setUp();
    shop.mockResolvedValue(describing("/shop"));
    depot.mockResolvedValue(describing("/depot"));
    await documents.read();
    vi.advanceTimersByTime(11_000);
    shop.mockImplementation(broken);
    expect((await documents.read()).shop?.paths).toHaveProperty("/shop");
  });

  it("are not had as long as one is missing, which the refusal names", async () => {
    const { shop, depot, documents } = setUp();
    shop.mockResolvedValue(describing("/shop"));
    depot.mockImplementation(down);
    await expect(documents.read()).rejects.toMatchObject({
      code: "unavailable",
      options: { detail: "Not described yet: depot.", headers: { "retry-after": "1" } },
    });
    depot.mockResolvedValue(describing("/depot"));
    expect(Object.keys(await documents.read())).toEqual(["shop", "depot"]);
  });

  it("are read ahead until every service has described itself", async () => {
    const { shop, depot, documents } = setUp();
    shop.mockResolvedValue(describing("/shop"));
    depot.mockImplementationOnce(down).mockImplementationOnce(down).mockResolvedValue(describing("/depot"));
    await readAhead(documents, 1);
    expect(depot).toHaveBeenCalledTimes(3);
    expect(Object.keys(await documents.read())).toEqual(["shop", "depot"]);
    expect(depot).toHaveBeenCalledTimes(3);
  });
});
