import { choiceOption, countedFlag, flag, textOption, type Field } from "./field.ts";

/** How progress is shown; `auto` is a line that is redrawn on a terminal and plain lines elsewhere. */
export type ProgressMode = "auto" | "plain" | "json" | "none";

/** What every command takes. */
export interface CommonOptions {
  readonly store: string | undefined;
  readonly keyFile: string | undefined;
  readonly trustedSigners: string | undefined;
  readonly json: boolean;
  readonly progress: ProgressMode | undefined;
  readonly quiet: boolean;
  /** How often `-v` was given. */
  readonly verbose: number;
}

/** The definition of {@link CommonOptions}. */
export const commonFields: { readonly [Key in keyof CommonOptions]-?: Field<CommonOptions[Key]> } = {
  store: textOption(
    "PATH",
    "directory",
    "Use this store: a path or file:///PATH. Default: REHOME_STORE, else `store` in the state directory",
  ),
  keyFile: textOption(
    "FILE",
    "file",
    "Open an encrypted store with this key file. Default: REHOME_KEY_FILE, else a passphrase is asked for",
  ),
  trustedSigners: textOption(
    "FILE",
    "file",
    "Use only images that one of the public keys in FILE has signed. Default: REHOME_TRUSTED_SIGNERS, else any image",
  ),
  json: flag("Print the result as one JSON document"),
  progress: choiceOption(
    ["auto", "plain", "json", "none"],
    "How to show progress on standard error. Default: auto, one line on a terminal and plain lines elsewhere",
  ),
  quiet: flag("Print no progress and no remarks, only results, warnings and errors", "q"),
  verbose: countedFlag("Say more; -vv also shows where an error comes from", "v"),
};

/** What commands that change something say of `-n`. */
export const dryRunSummary = "Say what would be done, and change nothing";
