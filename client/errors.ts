export interface ClientErrorOptions {
  /** What the user can do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The one error class of the client: expected, and told in a sentence instead of a stack trace. */
export class ClientError extends Error {
  override readonly name: string = "ClientError";
  readonly hint: string | undefined;

  constructor(message: string, { hint, ...options }: ClientErrorOptions = {}) {
    super(message, options);
    this.hint = hint;
  }

  /** Everything that the user is told. */
  get text(): string {
    return this.hint === undefined ? this.message : `${this.message}\n${this.hint}`;
  }
}

/** The command cannot be carried out as it was written. */
export class UsageError extends ClientError {
  override readonly name = "UsageError";
}

/** The user left a prompt. */
export class Cancelled extends ClientError {
  override readonly name = "Cancelled";
  constructor() {
    super("Cancelled.");
  }
}

/** The gateway gave no answer. */
export class NetworkError extends ClientError {
  override readonly name = "NetworkError";
  /** Whether the request may have reached the platform all the same. */
  readonly mayHaveArrived: boolean;

  constructor(
    message: string,
    { mayHaveArrived = false, ...options }: ClientErrorOptions & { readonly mayHaveArrived?: boolean } = {},
  ) {
    super(message, options);
    this.mayHaveArrived = mayHaveArrived;
  }

  /** The same error where an earlier attempt may have reached the platform. */
  afterArrival(): NetworkError {
    const hint = this.hint === undefined ? {} : { hint: this.hint };
    return new NetworkError(this.message, { ...hint, mayHaveArrived: true, cause: this });
  }
}

/** The gateway or a service refused. */
export class RefusedError extends ClientError {
  override readonly name = "RefusedError";
  readonly status: number;

  constructor(status: number, message: string, options: ClientErrorOptions = {}) {
    super(message, options);
    this.status = status;
  }
}

export const SIGN_IN = "Sign in with `login`.";

/** There is no session, or it has ended. */
export class SignedOutError extends ClientError {
  override readonly name = "SignedOutError";
  constructor(message: string) {
    super(message, { hint: SIGN_IN });
  }
}
