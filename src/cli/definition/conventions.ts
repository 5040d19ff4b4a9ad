/** What the program is, in a sentence. */
export const programSummary = "Captures a whole Linux system into a deduplicated image and gives it a new home.";

/** What holds for every command: where results go, and how operands are written. */
export const conventions: readonly string[] = [
  "Results go to standard output; progress, remarks, warnings and errors to standard error.",
  "An IMAGE is written `NAME` (the newest), `NAME:TAG`, `@ID` (8 digits or more of its id), or `STORE#IMAGE` for one in another store. What holds a `/`, or is `.` or `..`, is a path.",
];

/** How a failure is told. */
export const errorConvention =
  "An error is told in two lines on standard error: `rehome: cannot ACTION: WHAT IS, WHAT IS NEEDED [CODE]`, then what to do. The codes are stable. With `--json` it is a document on standard output as well.";
