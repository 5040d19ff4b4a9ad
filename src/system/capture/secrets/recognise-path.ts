import type { SecretKind } from "../../../core/manifest/manifest.ts";
import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import { pathRules, secretNames, type PathRule } from "./path-rules.ts";

/** Says which secrets a regular file is known to hold by where it lies; undefined: none that is known. */
export type RecognisePath = (directory: TreePath, name: ByteString) => SecretKind | undefined;

/** Makes a recogniser. It keeps what it knows of the directory it was asked about last, so ask in walk order. */
export function recognisePaths(): RecognisePath {
  let known: TreePath | undefined;
  let rules: readonly PathRule[] = [];
  return (directory, name) => {
    if (directory !== known) {
      known = directory;
      rules = rulesOf(directory);
    }
    if (Object.hasOwn(secretNames, name)) return secretNames[name];
    if (rules.length === 0 || name.endsWith(".pub")) return undefined;
    return rules.find(({ names }) => names?.test(name) ?? true)?.kind;
  };
}

/** Compares whole names, in time that grows with the path alone: both may come from an enemy. */
function rulesOf(directory: TreePath): PathRule[] {
  const path = `/${directory}/`;
  return pathRules.filter(({ directories, deep }) =>
    directories.some((wanted) => (deep === true ? path.includes(`/${wanted}/`) : path.endsWith(`/${wanted}/`))),
  );
}
