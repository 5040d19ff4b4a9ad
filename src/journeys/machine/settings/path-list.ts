/**
 * The parts of a value that holds paths between colons (`Bind=`, `Overlay=`), with `\:` for a colon and `\\` for a
 * backslash in a path.
 */
export function splitColons(value: string): string[] {
  const parts = [""];
  for (const [token] of value.matchAll(/\\[^]|[^]/gu)) {
    if (token === ":") parts.push("");
    else parts[parts.length - 1] += token.startsWith("\\") ? token.slice(1) : token;
  }
  return parts;
}

/** Where a path of `Bind=` or `Overlay=` leads: into the machine itself, to a directory made for the run, or to the host. */
export type Source =
  | { readonly kind: "machine"; readonly path: string }
  | { readonly kind: "temporary" }
  | { readonly kind: "host"; readonly path: string };

/** What is mounted by a value of `Bind=` or `BindReadOnly=`. */
export function bindSource(value: string): Source {
  return sourceOf(splitColons(value)[0] ?? "");
}

/** What is stacked by a value of `Overlay=` or `OverlayReadOnly=`; of two paths the second is also where it is mounted. */
export function overlaySources(value: string): Source[] {
  const parts = splitColons(value);
  return (parts.length > 2 ? parts.slice(0, -1) : parts).map(sourceOf);
}

function sourceOf(path: string): Source {
  if (path === "") return { kind: "temporary" };
  return path.startsWith("+") ? { kind: "machine", path: path.slice(1) } : { kind: "host", path };
}
