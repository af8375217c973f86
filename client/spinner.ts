import { styleText } from "node:util";

/** Where a spinner turns: standard error, so that standard output stays what a script reads. */
export type SpinnerStream = Pick<NodeJS.WriteStream, "isTTY" | "write">;

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 80;
/** Shorter work shows nothing: most answers are there before an eye could follow. */
const DELAY_MS = 400;
const CLEAR_LINE = "\r\u001b[K";

/**
 * Runs work and turns a spinner meanwhile, where it takes long and a person looks on. It touches neither signals nor
 * standard input, as spinners of libraries do: Ctrl-C has to be held while a session is renewed.
 */
export async function spinning<T>(
  message: string,
  work: () => Promise<T>,
  stream: SpinnerStream = process.stderr,
): Promise<T> {
  if (!stream.isTTY) return work();
  let frame = 0;
  let turning: NodeJS.Timeout | undefined;
  const turn = () => {
    const sign = FRAMES[frame++ % FRAMES.length] ?? "";
    stream.write(`${CLEAR_LINE}${styleText("cyan", sign, { stream: process.stderr })} ${message}`);
  };
  const waiting = setTimeout(() => {
    turn();
    turning = setInterval(turn, FRAME_MS);
  }, DELAY_MS);
  try {
    return await work();
  } finally {
    clearTimeout(waiting);
    clearInterval(turning);
    if (frame > 0) stream.write(CLEAR_LINE);
  }
}
