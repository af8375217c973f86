import * as clack from "@clack/prompts";
import { Cancelled } from "./errors.ts";

export interface Choice<V extends string> {
  readonly value: V;
  readonly label?: string;
  readonly hint?: string;
}

/** What the menu needs of a terminal. Every question throws Cancelled where the user leaves it. */
export interface Prompts {
  /** Columns that told text may take. */
  readonly width: number;
  open(title: string): void;
  close(message: string): void;
  select<V extends string>(message: string, choices: readonly Choice<V>[], initial?: V): Promise<V>;
  text(
    message: string,
    options?: { initial?: string; check?: (text: string) => string | undefined },
  ): Promise<string>;
  secret(message: string): Promise<string>;
  tell(text: string): void;
  complain(text: string): void;
}

/** Prompts of the real terminal. */
export function clackPrompts(): Prompts {
  return {
    get width() {
      return (process.stdout.columns || 80) - GUIDE_WIDTH;
    },
    open: (title) => clack.intro(title),
    close: (message) => clack.outro(message),
    select: async <V extends string>(message: string, choices: readonly Choice<V>[], initial?: V) =>
      given(
        await clack.select<string>({
          message,
          options: choices.map((choice) => ({ ...choice })),
          ...(initial === undefined ? {} : { initialValue: initial }),
        }),
      ) as V,
    text: async (message, { initial, check } = {}) =>
      given(
        await clack.text({
          message,
          ...(initial === undefined ? {} : { initialValue: initial }),
          validate: (text = "") => (text === "" ? "Type something, or press Esc." : check?.(text)),
        }),
      ),
    secret: async (message) => given(await clack.password({ message })),
    tell: (text) => clack.log.message(text),
    complain: (text) => clack.log.error(text),
  };
}

/** Columns of the line that clack draws on the left. */
const GUIDE_WIDTH = 3;

function given<T>(answer: T | typeof clack.CANCEL_SYMBOL): T {
  if (clack.isCancel(answer)) throw new Cancelled();
  return answer;
}
