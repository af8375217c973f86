/** The catalogue that a new platform opens with. Prices are in cents. */
export const seededProducts = [
  product("coffee-beans", "Coffee beans", "One kilogram of a dark roast.", 1890, 500),
  product("espresso-cup", "Espresso cup", "Porcelain, 80 ml, with a saucer.", 1250, 200),
  product("filter-paper", "Filter paper", "Size 4, a hundred sheets.", 390, 1000),
  product("french-press", "French press", "One litre of borosilicate glass.", 2990, 80),
  product("gooseneck-kettle", "Gooseneck kettle", "Holds its temperature to a degree.", 8900, 40),
  product("hand-grinder", "Hand grinder", "Conical steel burrs, 36 settings.", 6450, 60),
  product("kitchen-scale", "Kitchen scale", "Weighs to 0.1 g and keeps the time.", 3490, 90),
  product("milk-jug", "Milk jug", "Stainless steel, 350 ml.", 1690, 150),
  product("moka-pot", "Moka pot", "Aluminium, for three cups.", 2450, 120),
  product("tamper", "Tamper", "58 mm, with a walnut handle.", 3200, 70),
  product("tea-pot", "Tea pot", "Cast iron, 1.2 litres.", 5400, 30),
  product("travel-mug", "Travel mug", "Keeps 400 ml hot for six hours.", 2790, 110),
  {
    ...product(
      "golden-portafilter",
      "Golden portafilter",
      "Not for sale: seen by administrators only.",
      99900,
      1,
    ),
    admin_only: true,
  },
] as const;

function product(id: string, name: string, description: string, price: number, stock: number) {
  return { id, name, description, price, currency: "EUR", stock, admin_only: false };
}
