import { writeSync } from "node:fs";
import { version } from "../library/version.ts";

// The version is asked for by scripts and by people in a hurry: nothing else is loaded for it.
const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
  try {
    writeSync(1, `rehome ${version}\n`);
  } catch {
    // Nobody reads the answer.
  }
} else {
  const { runProgram } = await import("./run-program.ts");
  process.exitCode = await runProgram(args);
}
