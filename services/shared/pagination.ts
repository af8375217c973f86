import { z } from "@hono/zod-openapi";
import { Problem } from "./problem.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;

/** Query of every list: how many, and after which item. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
  cursor: z.string().max(300).optional(),
});
export type PageQuery = z.infer<typeof pageQuery>;

export interface Page<T> {
  items: T[];
  /** Pass it as `cursor` for the next page; null on the last one. */
  nextCursor: string | null;
}

/** Schema of a page of items. */
export function pageOf<S extends z.ZodType>(item: S) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/**
 * Makes a page of rows that were read with `limit + 1`, so that the one too many tells whether more follow.
 * @param keyOf the sort key of an item, which the cursor carries
 */
export function toPage<T>(rows: readonly T[], limit: number, keyOf: (item: T) => string[]): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, nextCursor: more ? encodeCursor(keyOf(last)) : null };
}

function encodeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString("base64url");
}

/**
 * The sort key in a cursor, if it has the given shape.
 * @throws Problem `validation_failed` for a cursor that no page gave
 */
export function decodeCursor<S extends z.ZodType>(
  cursor: string | undefined,
  shape: S,
): z.infer<S> | undefined {
  if (cursor === undefined) return undefined;
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
  } catch {
    throw new Problem("validation_failed", {
      errors: [{ field: "cursor", message: "Pass the nextCursor of an earlier page, unchanged." }],
    });
  }
}
