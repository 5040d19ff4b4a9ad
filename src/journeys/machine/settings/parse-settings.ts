import { UsageError } from "../../../core/errors.ts";
import { parseUnitFile, type Setting } from "./unit-file.ts";

/** Reads a `.nspawn` file that somebody wrote for a machine; what systemd would pass over is refused. @throws {UsageError} */
export function parseSettings(machine: string, text: string): readonly Setting[] {
  const { settings, faults } = parseUnitFile(text);
  if (faults.length === 0) return settings;
  throw new UsageError(
    `cannot use the settings of ${machine}: ${faults.map(({ line, message }) => `line ${line}: ${message}`).join("; ")}`,
    "They are `[Section]` and `Key=value`, as systemd.nspawn(5) has them.",
  );
}
