import { RehomeError } from "../core/errors.ts";
import type { JobFailure } from "./job.ts";

/** A failure as the journal keeps it. */
export function failureOf(error: unknown, checkpoint: string | null): JobFailure {
  // Cleaning up may have failed too; what went wrong first counts.
  if (error instanceof SuppressedError) return failureOf(error.suppressed, checkpoint);
  if (error instanceof RehomeError)
    return { code: error.code, message: error.message, remedy: error.remedy, checkpoint };
  return { code: "INTERNAL", message: error instanceof Error ? error.message : String(error), remedy: "", checkpoint };
}
