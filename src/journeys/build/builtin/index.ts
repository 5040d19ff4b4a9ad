/**
 * The constructors that every build has. They see what a checkpoint of the user's sees, a context and its ports, and nothing else of the
 * program (held by `.dependency-cruiser.cjs`).
 */
import type { AnyConstructor } from "../checkpoint/constructor.ts";
import { bootTest } from "./boot-test.ts";
import { bootstrap } from "./bootstrap.ts";
import { capture } from "./capture.ts";
import { convert } from "./convert.ts";
import { copy } from "./copy.ts";
import { customScript } from "./custom-script.ts";
import { disk } from "./disk.ts";
import { packages } from "./packages.ts";
import { prepare } from "./prepare.ts";
import { restore } from "./restore.ts";

/** Built-in constructors by the names that `uses` has for them. */
export const builtIns: Readonly<Record<string, AnyConstructor>> = {
  bootstrap,
  restore,
  copy,
  packages,
  "custom-script": customScript,
  capture,
  prepare,
  disk,
  convert,
  "boot-test": bootTest,
};
