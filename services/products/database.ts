import type { ColumnType, Generated } from "kysely";

interface ProductsTable {
  /** A readable key: `espresso-cup`. */
  id: string;
  name: string;
  description: string;
  /** In minor units of the currency: cents of EUR. */
  price: number;
  /** ISO 4217. */
  currency: string;
  stock: number;
  admin_only: Generated<boolean>;
}

/** What was taken from stock, written with it in one transaction; the order of the same id follows. */
interface PurchasesTable {
  id: string;
  user_id: string;
  product_id: string;
  quantity: number;
  unit_price: number;
  currency: string;
  created_at: Date;
  idempotency_key: string | null;
  /** When the orders service had confirmed the order. */
  delivered_at: ColumnType<Date | null, never, Date>;
}

export interface ProductsDatabase {
  products: ProductsTable;
  purchases: PurchasesTable;
}
