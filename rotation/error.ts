/** A rotation cannot be done; the message says why and what to do. */
export class RotationError extends Error {
  override readonly name = "RotationError";
}
