import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import type { Paths } from "../../src/library/settings/settings.ts";

const nobody = 65_534;

/** A call of the library that another process is to make. */
export interface Call {
  readonly paths: Paths;
  readonly call: "capture" | "restore" | "checkStore" | "verifyImage" | "listImages";
  readonly words: readonly string[];
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What came of it: a result, or the code and message of a failure. Both have been through JSON. */
export type Answer<Result> =
  | { readonly result: Result; readonly failure?: undefined }
  | {
      readonly result?: undefined;
      readonly failure: { readonly code: string; readonly message: string; readonly remedy: string };
    };

const launch = [
  "--reuid",
  String(nobody),
  "--regid",
  String(nobody),
  "--clear-groups",
  "--no-new-privs",
  process.execPath,
  "--disable-warning=ExperimentalWarning",
  import.meta.filename,
];

/** Why a test that calls the library as an ordinary user cannot run here, if so. */
export const withoutNobody: string | false =
  process.getuid?.() !== 0
    ? "needs root to become another user"
    : spawnSync("setpriv", [...launch, "{}"], { encoding: "utf8" }).stdout.startsWith("{")
      ? false
      : "an ordinary user cannot read this checkout";

/** Calls the library as an ordinary user, without any capability. */
export function asNobody<Result>(call: Call): Answer<Result> {
  const { stdout, stderr, status } = spawnSync("setpriv", [...launch, JSON.stringify(call)], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new TypeError(`the call ended with status ${status}: ${stderr}`);
  return JSON.parse(stdout) as Answer<Result>;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { paths, call, words = [], options = {} } = JSON.parse(process.argv[2] ?? "{}") as Partial<Call>;
  const library = await import("../../src/index.ts");
  const [first = "", second = ""] = words;
  const all = { ...options, ...(paths && { paths }) };
  const calls = {
    capture: () => library.capture(first, all),
    restore: () => library.restore(first, second, all),
    checkStore: () => library.checkStore(all),
    verifyImage: () => library.verifyImage(first, all),
    listImages: () => library.listImages(all),
  };
  try {
    process.stdout.write(JSON.stringify({ result: call === undefined ? null : await calls[call]() }));
  } catch (error) {
    const { code = "UNTYPED", message, remedy = "" } = error as Error & { code?: string; remedy?: string };
    process.stdout.write(JSON.stringify({ failure: { code, message, remedy } }));
  }
}
