/**
 * How much may be tried again: a part of the calls that were made, and a few beyond. Where everything fails, the load
 * so grows by that part and no more, while a single failure among many is tried again at once. The deposits and
 * withdrawals of Finagle's RetryBudget.
 */
export class RetryBudget {
  readonly #part: number;
  readonly #reserve: number;
  #balance: number;

  /**
   * @param part retries that each call earns, such as 0.2
   * @param reserve retries to begin with, and the most that can be saved up
   */
  constructor(part: number, reserve: number) {
    this.#part = part;
    this.#reserve = reserve;
    this.#balance = reserve;
  }

  /** Notes a call that is made for the first time. */
  earn(): void {
    this.#balance = Math.min(this.#reserve, this.#balance + this.#part);
  }

  /** Takes one retry. @returns whether there was one */
  spend(): boolean {
    if (this.#balance < 1) return false;
    this.#balance -= 1;
    return true;
  }
}
