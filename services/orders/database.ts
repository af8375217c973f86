interface OrdersTable {
  /** Given by the products service: the same order sent twice is one order. */
  id: string;
  user_id: string;
  product_id: string;
  quantity: number;
  /** In minor units of the currency. */
  unit_price: number;
  currency: string;
  created_at: Date;
}

export interface OrdersDatabase {
  orders: OrdersTable;
}
