/**
 * How Node runs a service so that it stays within a pod of 128 MiB, also while passwords are hashed. A flood of 50
 * logins at once takes it to 97 MiB of its own memory (`npm run bench -- login-flood`), where it was 187 MB without all of this.
 */

/** Young garbage is collected often enough to stay small, and seldom enough to take no time. */
const YOUNG = "--max-semi-space-size=8";

/** In a container the heap takes its part of the memory limit, whatever that is. */
export const nodeFlags = ["--max-old-space-size-percentage=40", YOUNG] as const;

/** On a machine without such a limit it has what the smallest pod would give it, in MiB. */
export const localNodeFlags = ["--max-old-space-size=51", YOUNG] as const;

/**
 * glibc gives the 19 MiB of a finished hash back at once, where by itself it would keep them in every thread's arena
 * (mallopt(3)).
 */
export const runtimeEnvironment = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "262144" } as const;
