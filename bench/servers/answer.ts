/** What every subject answers: a page of products, about 1 KB. */
export const answer = {
  items: Array.from({ length: 8 }, (_, index) => ({
    id: `coffee-beans-${index}`,
    name: "Coffee beans",
    description: "One kilogram of a dark roast.",
    price: 1890,
    currency: "EUR",
    stock: 500,
  })),
  nextCursor: null,
};
