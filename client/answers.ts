import { z } from "zod";

/*
 * What the client reads of the platform's answers. Loose: a member that a newer platform adds is no error, and
 * `--json` passes it on.
 */
const currency = z.string().regex(/^[A-Z]{3}$/);

export const userSchema = z.looseObject({ id: z.string(), username: z.string() });
export type User = z.infer<typeof userSchema>;

export const productSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  /** In minor units of the currency. */
  price: z.int(),
  currency,
  stock: z.int(),
});
export type Product = z.infer<typeof productSchema>;

export const orderSchema = z.looseObject({
  id: z.string(),
  productId: z.string(),
  quantity: z.int(),
  /** In minor units of the currency. */
  unitPrice: z.int(),
  currency,
  createdAt: z.iso.datetime(),
});
export type Order = z.infer<typeof orderSchema>;

export function pageSchema<S extends z.ZodType>(item: S) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

export const drillSchema = z.looseObject({ status: z.string() });
