import { styleText } from "node:util";
import type { Order, Product } from "./answers.ts";

const graphemes = new Intl.Segmenter("en");

/** `12.50 EUR` from 1250: the currency decides how many digits its minor unit takes. */
export function price(minorUnits: number, currency: string): string {
  const digits =
    new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const sign = minorUnits < 0 ? "-" : "";
  const text = String(Math.abs(minorUnits)).padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  return `${sign}${whole}${digits === 0 ? "" : `.${text.slice(-digits)}`} ${currency}`;
}

export function productTable(products: readonly Product[], width?: number): string {
  if (products.length === 0) return "No products.";
  const rows = products.map(({ id, name, price: amount, currency, stock, description }) => [
    id,
    name,
    price(amount, currency),
    String(stock),
    description,
  ]);
  return table([">ID", ">NAME", "<PRICE", "<STOCK", ">DESCRIPTION"], rows, width);
}

export function orderTable(orders: readonly Order[], width?: number): string {
  if (orders.length === 0) return "No orders.";
  const rows = orders.map(({ id, productId, quantity, unitPrice, currency, createdAt }) => [
    localTime(new Date(createdAt)),
    productId,
    String(quantity),
    price(unitPrice, currency),
    price(unitPrice * quantity, currency),
    id,
  ]);
  return table([">ORDERED", ">PRODUCT", "<QUANTITY", "<UNIT PRICE", "<TOTAL", ">ORDER"], rows, width);
}

/**
 * Rows under their headings.
 * @param headings `>` before one that flows to the right, `<` before one whose column is right-aligned
 * @param width columns to stay within, at the cost of the last column
 */
export function table(headings: readonly string[], rows: readonly string[][], width?: number): string {
  const cells = [headings.map((heading) => heading.slice(1)), ...rows.map((row) => row.map(oneLine))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => length(row[column] ?? ""))));
  const lines = cells.map((row) => {
    const padded = row.map((cell, column) => {
      const padding = " ".repeat((widths[column] ?? 0) - length(cell));
      return headings[column]?.startsWith("<") === true ? padding + cell : cell + padding;
    });
    return clip(padded.join("  ").trimEnd(), width);
  });
  const [head = "", ...body] = lines;
  return [styleText("bold", head, { stream: process.stdout }), ...body].join("\n");
}

/** Text from elsewhere, without what would steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/gu, "");
}

function oneLine(text: string): string {
  return printable(text).replaceAll("\n", " ");
}

/** `17:05:09`, in the user's own time zone. */
export function clockTime(date: Date): string {
  return localTime(date).slice(-8);
}

/** `2026-01-31 17:05:09`, in the user's own time zone. */
function localTime(date: Date): string {
  return new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" }).format(date);
}

function length(text: string): number {
  return [...graphemes.segment(text)].length;
}

function clip(line: string, width: number | undefined): string {
  if (width === undefined || length(line) <= width) return line;
  const kept = [...graphemes.segment(line)].slice(0, Math.max(0, width - 1));
  return `${kept.map(({ segment }) => segment).join("")}…`;
}
