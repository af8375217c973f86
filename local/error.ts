/** Something that the user can mend: told in one line with what to do, without a stack. */
export class LocalError extends Error {
  override readonly name = "LocalError";
}
