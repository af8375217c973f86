/** Numbers as people read them. What is not known is a dash. */

const UNKNOWN = "–";

export function rate(perSecond: number | undefined): string {
  if (perSecond === undefined) return UNKNOWN;
  if (perSecond === 0) return "0";
  return perSecond < 10 ? perSecond.toFixed(1) : perSecond.toFixed(0);
}

/** @param seconds how long something took */
export function latency(seconds: number | undefined): string {
  return seconds === undefined ? UNKNOWN : duration(seconds * 1000);
}

export function duration(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

/** @param part 1 is one whole core */
export function percent(part: number | undefined): string {
  return part === undefined ? UNKNOWN : `${(part * 100).toFixed(1)} %`;
}

export function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? UNKNOWN : `${(bytes / 1e6).toFixed(0)} MB`;
}

/** @param seconds how long something has been so */
export function age(seconds: number | undefined): string {
  if (seconds === undefined) return UNKNOWN;
  if (seconds < 60) return `${Math.max(0, seconds).toFixed(0)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** The time of day in UTC, which logs have too. */
export function clock(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(11, 23);
}
