const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs work to its end although the user presses Ctrl-C; the signal takes effect afterwards. */
export async function uninterrupted<T>(work: () => Promise<T>): Promise<T> {
  let held: NodeJS.Signals | undefined;
  const hold = (signal: NodeJS.Signals) => {
    held = signal;
  };
  for (const signal of SIGNALS) process.on(signal, hold);
  try {
    return await work();
  } finally {
    for (const signal of SIGNALS) process.off(signal, hold);
    if (held !== undefined) process.kill(process.pid, held);
  }
}
