import type { Page } from "playwright-core";

/** A text on a page with how well it stands out. */
export interface Contrast {
  readonly text: string;
  readonly of: string;
  /** From 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio). */
  readonly ratio: number;
}

/** Runs in the page: every element that has text of its own, its colour, and the nearest background that covers. */
const COLOURS = `(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const background = (element) => {
    for (let one = element; one !== null; one = one.parentElement) {
      const colour = channels(getComputedStyle(one).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.body.querySelectorAll("*")]
    .filter((element) => element.checkVisibility())
    .map((element) => ({
      of: element.tagName + "." + element.className,
      text: [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join(" ").trim(),
      colour: channels(getComputedStyle(element).color),
      background: background(element),
    }))
    .filter(({ text }) => text !== "");
})()`;

type Colour = readonly number[];

/** The contrast of every text that is shown. */
export async function contrasts(page: Page): Promise<Contrast[]> {
  const found =
    await page.evaluate<{ of: string; text: string; colour: Colour; background: Colour }[]>(COLOURS);
  return found.map(({ of, text, colour, background }) => {
    const [one, other] = [luminance(colour), luminance(background)];
    return { of, text, ratio: (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) };
  });
}

/** Relative luminance of an sRGB colour. */
function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
