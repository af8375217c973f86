import { describe, expect, it } from "vitest";
import { price, printable, productTable, table } from "./format.ts";

describe("a price", () => {
  it.each([
    [1250, "EUR", "12.50 EUR"],
    [5, "EUR", "0.05 EUR"],
    [0, "USD", "0.00 USD"],
    [-1250, "EUR", "-12.50 EUR"],
    [1250, "JPY", "1250 JPY"],
    [1250, "KWD", "1.250 KWD"],
    [2_147_483_647_000, "EUR", "21474836470.00 EUR"],
    [1250, "XQX", "12.50 XQX"],
  ])("of %d minor units of %s is %s", (minorUnits, currency, expected) => {
    expect(price(minorUnits, currency)).toBe(expected);
  });
});

describe("a table", () => {
  it("aligns by what is seen, not by how it is stored", () => {
    expect(
      table(
        [">NAME", "<N"],
        [
          ["e\u0301clair", "1"],
          ["bun", "10"],
        ],
      ),
    ).toBe(["NAME     N", "e\u0301clair   1", "bun     10"].join("\n"));
  });

  it("stays within the terminal", () => {
    expect(table([">A", ">B"], [["one", "two three"]], 8)).toBe(["A    B", "one  tw…"].join("\n"));
  });

  it("keeps a row on one line", () => {
    expect(table([">A"], [["one\ntwo"]])).toBe("A\none two");
  });

  it("without rows says so", () => {
    expect(productTable([])).toBe("No products.");
  });
});

it("text from elsewhere keeps its line breaks and loses what would steer the terminal", () => {
  expect(printable("a\n\u001b[2J\u009bb\u202e\u0007ç")).toBe("a\n[2Jbç");
});
