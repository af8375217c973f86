/** The range that the products service accepts. */
const LEAST = 1;
const MOST = 1000;

export const QUANTITY_RULE = `It must be a number from ${LEAST} to ${MOST}.`;

/** The quantity that was typed; undefined where it breaks {@link QUANTITY_RULE}. */
export function parseQuantity(text: string): number | undefined {
  const quantity = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return quantity < LEAST || quantity > MOST ? undefined : quantity;
}
