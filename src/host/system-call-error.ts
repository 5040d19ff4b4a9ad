import { constants } from "node:os";
import { RehomeError } from "../core/errors.ts";
import { displayBytes, type ByteString } from "../core/tree/byte-string.ts";
import { errno } from "./libc.ts";

// Of two names for one number the first counts, as in the manual pages: EAGAIN, not EWOULDBLOCK.
const namesByNumber = new Map(
  Object.entries(constants.errno)
    .toReversed()
    .map(([name, value]) => [value, name]),
);

/** A call to the kernel failed; one for want of room or permission has that code. `errnoName` is `ENOENT`, `EACCES`, …; `subject` what it was about. */
export class SystemCallError extends RehomeError {
  override readonly name = "SystemCallError";
  readonly code: "SYSTEM_CALL" | "NO_SPACE" | "NOT_PERMITTED";
  readonly call: string;
  readonly errnoName: string;
  readonly subject: ByteString;

  constructor(call: string, subject: ByteString, errorNumber: number = errno()) {
    const errnoName = namesByNumber.get(errorNumber) ?? `errno ${errorNumber}`;
    super(
      `cannot ${call} "${displayBytes(subject)}": ${errnoName}`,
      remedies[errnoName] ?? "See the manual page of the call.",
    );
    this.code = codes[errnoName] ?? "SYSTEM_CALL";
    this.call = call;
    this.errnoName = errnoName;
    this.subject = subject;
  }
}

/** The `ENOENT`, `EACCES`, … of a failure of this module, of `node:fs`, or undefined. */
export function errnoNameOf(error: unknown): string | undefined {
  if (error instanceof SystemCallError) return error.errnoName;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === "string" && code.startsWith("E") ? code : undefined;
}

const codes: Readonly<Record<string, "NO_SPACE" | "NOT_PERMITTED">> = {
  ENOSPC: "NO_SPACE",
  EDQUOT: "NO_SPACE",
  EACCES: "NOT_PERMITTED",
  EPERM: "NOT_PERMITTED",
  EROFS: "NOT_PERMITTED",
};

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: "Free room on the file system, then run the same command again; it goes on where it was.",
  EDQUOT: "Raise the quota, then run the same command again; it goes on where it was.",
  EROFS: "Mount the file system for writing, or choose another directory.",
  EACCES: "Run as a user who may do that, or as root.",
  EPERM: "Run as root.",
  ENOENT: "Check the name.",
  EIO: "The device could not read or write; look into the kernel's log.",
  EMFILE: "Raise the limit of open files (ulimit -n).",
};
