export interface Room {
  /** Pieces of work that are done at once. */
  readonly atOnce: number;
  /** Those that wait for their turn; a further one is refused at once. */
  readonly waiting: number;
  /** Milliseconds that one waits before it is refused. */
  readonly patience: number;
  /** The same where there has been no room for longer than {@link patience}. */
  readonly haste: number;
}

interface Waiting {
  readonly begin: () => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Room for so much work at once, and a queue for it that tells a burst from an overload, as CoDel does (RFC 8289; its form for
 * servers is in B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015): a burst is worked off and may wait for that; where the queue
 * stays, waiting serves nobody, for all that come later wait as long. There it is cut to what keeps the workers busy, and
 * the others hear soon that there is no room.
 */
export class Compartment {
  readonly #room: Room;
  /** In the order in which they came. */
  readonly #queue = new Set<Waiting>();
  #working = 0;
  /** When somebody first found no room since there was some, and when the last did. */
  #full: { readonly since: number; last: number } | undefined;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Does the work in its turn, at once where there is room. @throws NoRoom where there is none, or none in time */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#working < this.#room.atOnce) this.#begin();
    else await this.#turn();
    try {
      return await work();
    } finally {
      this.#end();
    }
  }

  #begin(): void {
    this.#working += 1;
    // A process that stood still for a moment has room after it, in the middle of an overload.
    if (this.#full !== undefined && performance.now() - this.#full.last > 2 * this.#room.haste)
      this.#full = undefined;
  }

  #turn(): Promise<void> {
    const now = performance.now();
    this.#full ??= { since: now, last: now };
    this.#full.last = now;
    const { waiting, patience, haste } = this.#room;
    if (this.#queue.size >= waiting) throw new NoRoom();
    const limit = now - this.#full.since > patience ? haste : patience;
    return new Promise((begin, refuse) => {
      const timer = setTimeout(() => {
        this.#queue.delete(waiter);
        refuse(new NoRoom());
      }, limit);
      const waiter = { begin, timer };
      this.#queue.add(waiter);
    });
  }

  /** Hands its place to the one that waits longest. */
  #end(): void {
    const [next] = this.#queue;
    if (next === undefined) {
      this.#working -= 1;
      return;
    }
    this.#queue.delete(next);
    clearTimeout(next.timer);
    next.begin();
  }
}

/** There is no room for more work, or was none in time. */
export class NoRoom extends Error {
  override readonly name = "NoRoom";
}
