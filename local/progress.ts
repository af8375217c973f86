/** Where a start and what happens after it are told. */
export interface Progress {
  /** Runs one step of the start and tells how long it took. */
  readonly step: <R>(name: string, run: () => Promise<R>) => Promise<R>;
  /** Tells one line about a running platform. */
  readonly report: (line: string) => void;
}

/**
 * Progress on a stream that people read.
 * @param stop once it is aborted, no further step begins
 */
export function printedProgress(output: Pick<NodeJS.WriteStream, "write">, stop: AbortSignal): Progress {
  return {
    async step(name, run) {
      stop.throwIfAborted();
      const start = performance.now();
      const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
      try {
        const result = await run();
        output.write(`  ok      ${name.padEnd(20)} ${seconds()}\n`);
        return result;
      } catch (error) {
        output.write(`  failed  ${name.padEnd(20)} ${seconds()}\n`);
        throw error;
      }
    },
    report: (line) => output.write(`${new Date().toISOString()}  ${line}\n`),
  };
}

/** Progress that only matters where something fails: for tests. */
export const silentProgress: Progress = { step: (_name, run) => run(), report: () => undefined };
