import { UsageError } from "../../../core/errors.ts";
import type { ByteString } from "../../../core/tree/byte-string.ts";
import type { Change, Operation } from "../operation.ts";
import type { TreeView } from "../ports.ts";
import { lineChanges } from "../text/edit-lines.ts";
import { at, maxConfigBytes, kindOf } from "../text/tree-paths.ts";

const namePath = at("etc/hostname");
const maxNameBytes = 64;

/** @throws {UsageError} If a system cannot be called so (hostname(7): labels of letters, digits and `-`, 64 in all). */
export function parseNewHostname(text: string): string {
  const isName = text.split(".").every((label) => /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label));
  if (isName && text.length <= maxNameBytes) return text;
  throw new UsageError(
    `cannot use "${text}" as hostname: a name has letters, digits and "-" between dots, and at most ${maxNameBytes} characters`,
    "Give a name such as web2 or web2.example.org.",
  );
}

/** The hostname in a tree. */
export function currentHostname(tree: TreeView): string | undefined {
  const sources: readonly [string, RegExp][] = [
    ["etc/hostname", /^\s*([^\s#]+)/m],
    ["etc/HOSTNAME", /^\s*([^\s#]+)/m],
    ["etc/sysconfig/network", /^\s*HOSTNAME=["']?([^\s"']+)/m],
  ];
  for (const [path, pattern] of sources) {
    const name = pattern.exec(tree.read(at(path), maxConfigBytes) ?? "")?.[1];
    if (name !== undefined && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return name;
  }
  return undefined;
}

/** The name that was asked for, where the system keeps it. Lines of `/etc/hosts` that name nothing of the old name stay. */
export const hostname: Operation<"hostname"> = {
  name: "hostname",
  summary: "the hostname, and /etc/hosts",
  policies: ["keep", "reset"],
  examine(tree, { hostname: wanted, identity }) {
    const before = currentHostname(tree);
    if (wanted === undefined) {
      const remark = `the system is still called ${before ?? "nothing"}; --hostname gives it another name`;
      return { changes: [], remarks: identity === "reset" && before !== undefined ? [remark] : [] };
    }
    if (before === wanted) return { changes: [] };
    const renamed = before === undefined ? [] : renameIn(tree, before, wanted);
    const what = `${before ?? "no name"} becomes ${wanted}`;
    const places: Change[] = [
      ...(kindOf(tree, at("etc/HOSTNAME")) === "file"
        ? [{ kind: "write", path: at("etc/HOSTNAME"), content: `${wanted}\n` as ByteString, what } as const]
        : []),
      { kind: "write", path: namePath, content: `${wanted}\n` as ByteString, what },
    ];
    return { changes: [...renamed, ...places] };
  },
  evidence: (tree) => [`hostname ${currentHostname(tree) ?? "is not set"}`],
};

function renameIn(tree: TreeView, before: string, wanted: string): Change[] {
  const read = (path: string): ByteString | undefined => tree.read(at(path), maxConfigBytes);
  const what = `${before} becomes ${wanted}`;
  return [
    ...lineChanges(at("etc/hosts"), read("etc/hosts"), what, (line) => renameHost(line, before, wanted)),
    ...lineChanges(at("etc/mailname"), read("etc/mailname"), what, (line) => renameWord(line, before, wanted)),
    ...lineChanges(at("etc/sysconfig/network"), read("etc/sysconfig/network"), what, (line) =>
      line.replace(/^(\s*HOSTNAME=["']?)[^\s"']+/, (_, key: string) => key + wanted),
    ),
  ];
}

/** A line of hosts(5): the address and any remark stay as they are. A full name stands before its short form, as resolvers want it. */
function renameHost(line: string, before: string, wanted: string): string {
  const [, address = "", names = "", remark = ""] = /^(\s*[0-9A-Fa-f:.%a-z]+)(\s[^#]*)?(#.*)?$/.exec(line) ?? [];
  if (names === "") return line;
  const renamed = names.replaceAll(/\S+/g, (name) => renameWord(name, before, wanted));
  if (renamed === names) return line;
  const words = renamed.trim().split(/\s+/);
  const short = shortOf(wanted);
  const complete =
    wanted === short || words.includes(wanted)
      ? renamed
      : renamed.replace(/\S+/g, (name) => (name === short ? `${wanted} ${short}` : name));
  return address + complete + remark;
}

/** The short name, alone or under any domain, becomes what the new name has for it. */
function renameWord(word: string, before: string, wanted: string): string {
  if (shortOf(word) !== shortOf(before)) return word;
  if (!word.includes(".")) return shortOf(wanted);
  return wanted.includes(".") ? wanted : wanted + word.slice(shortOf(word).length);
}

function shortOf(name: string): string {
  return name.split(".")[0] ?? name;
}
