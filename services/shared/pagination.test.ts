import { describe, expect, it } from "vitest";
import { z } from "zod";
import { decodeCursor, pageQuery, toPage } from "./pagination.ts";
import { Problem } from "./problem.ts";

const keyOf = (item: string) => [item, "é/+"];
const shape = z.tuple([z.string(), z.string()]);

describe("a page", () => {
  it("has no cursor where no more items follow", () => {
    expect(toPage(["a", "b"], 2, keyOf)).toEqual({ items: ["a", "b"], nextCursor: null });
    expect(toPage([], 2, keyOf)).toEqual({ items: [], nextCursor: null });
  });

  it("leaves the one too many out and points behind its own last item", () => {
    const { items, nextCursor } = toPage(["a", "b", "c"], 2, keyOf);
    expect(items).toEqual(["a", "b"]);
    expect(decodeCursor(nextCursor ?? "", shape)).toEqual(["b", "é/+"]);
  });

  it("has a cursor that a URL carries as it is", () => {
    const { nextCursor } = toPage(["\u{1f511}".repeat(20), "b"], 1, keyOf);
    expect(nextCursor).toMatch(/^[\w-]+$/);
  });
});

describe("a cursor", () => {
  it("that is absent is none", () => {
    expect(decodeCursor(undefined, shape)).toBeUndefined();
  });

  it.each(["", "x", "bnVsbA", "W10", "WyJhIl0", "WzEsMl0", "eyJhIjoxfQ", "😀"])(
    "%j, which no page gave, is refused and named",
    (cursor) => {
      try {
        decodeCursor(cursor, shape);
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(Problem);
        expect(error).toMatchObject({
          code: "validation_failed",
          options: { errors: [expect.objectContaining({ field: "cursor" })] },
        });
      }
    },
  );
});

describe("a list's query", () => {
  it("asks for 50 items where it does not say", () => {
    expect(pageQuery.parse({})).toEqual({ limit: 50 });
  });

  it.each(["1", "100"])("may ask for %s", (limit) => {
    expect(pageQuery.parse({ limit, cursor: "x" })).toEqual({ limit: Number(limit), cursor: "x" });
  });

  it.each(["0", "101", "-1", "1.5", "", "x", "NaN", "Infinity"])("may not ask for %j", (limit) => {
    expect(pageQuery.safeParse({ limit }).success).toBe(false);
  });
});
