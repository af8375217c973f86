/** Something that whoever backs up or restores can mend: told in one line, without a stack. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}
