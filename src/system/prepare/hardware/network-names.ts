import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { Change, Operation } from "../operation.ts";
import type { TreeView } from "../ports.ts";
import { lineChanges } from "../text/edit-lines.ts";
import { at, isThere, maxConfigBytes, pathsIn, removals } from "../text/tree-paths.ts";
import { networkFiles, otherFiles, perInterfaceFiles, type NetworkFiles } from "./network-files.ts";
import type { NicMapping } from "./nic-mapping.ts";

const persistentRules = /^(?:z?\d+[-_])?persistent-(?:net|cd)\.rules$/;

/** Names that udev once gave to cards that are gone, and configuration that names an interface or a card. */
export const networkNames: Operation<"network-names"> = {
  name: "network-names",
  summary: "names of network interfaces",
  policies: ["keep", "reset"],
  examine(tree, { nicMap }) {
    const rules = pathsIn(tree, "etc/udev/rules.d", persistentRules);
    const files = networkFiles.flatMap((group) =>
      group.paths(tree).map((path) => ({ group, path, content: tree.read(path, maxConfigBytes) })),
    );
    const edits = files.flatMap(({ group, path, content }) => mapped(tree, path, content, group, nicMap));
    return {
      changes: [
        ...removals(tree, rules, "names cards that the new home does not have"),
        ...nicMap.flatMap((mapping) => (mapping.kind === "bind" ? [linkFile(mapping)] : [])),
        ...edits,
      ],
      remarks: [
        ...files.flatMap(({ path }) => taken(tree, path, nicMap)),
        ...rules.flatMap((path) => namesGiven(path, tree.read(path, maxConfigBytes), nicMap)),
        ...files.flatMap(({ path, content }) => addressesLeft(path, content, nicMap)),
        ...otherFiles(tree).flatMap((path) => namesLeft(path, tree.read(path, maxConfigBytes), nicMap)),
      ],
    };
  },
};

/** A file of network configuration after the map, under the name it has then. */
function mapped(
  tree: TreeView,
  path: TreePath,
  content: ByteString | undefined,
  { isAbout }: NetworkFiles,
  nicMap: readonly NicMapping[],
): Change[] {
  if (content === undefined) return [];
  const edit = (line: string): string => (isAbout(line) ? mapLine(line, nicMap) : line);
  const edits = lineChanges(path, content, "the interfaces of the new home", edit);
  const newPath = mapFileName(path, nicMap);
  if (newPath === path) return edits;
  if (isThere(tree, newPath)) return [];
  return [...edits, { kind: "move", from: path, path: newPath, what: "the file bears the name of the interface" }];
}

function mapFileName(path: TreePath, nicMap: readonly NicMapping[]): TreePath {
  const [, folder = "", prefix = "", name = ""] = perInterfaceFiles.exec(path) ?? [];
  const mapping = nicMap.find((candidate) => candidate.kind === "rename" && candidate.from === name);
  return mapping?.kind === "rename" ? (`${folder}${prefix}${mapping.to}` as TreePath) : path;
}

function mapLine(line: string, nicMap: readonly NicMapping[]): string {
  const to = new Map(
    nicMap.flatMap((mapping) => (mapping.kind === "bind" ? [] : [[mapping.from, mapping.to] as const])),
  );
  if (to.size === 0) return line;
  const names = [...to.keys()].map((name) => RegExp.escape(name));
  // A VLAN (`.100`) or an alias (`:1`) of an interface goes with it; a longer name is another one.
  const pattern = new RegExp(String.raw`(?<![\w.:-])(?:${names.join("|")})(?![\w-])(?!\.\D)(?!:[0-9a-f]{2}\b)`, "gi");
  return line.replaceAll(pattern, (found) => to.get(found) ?? mapAddress(found, to));
}

function mapAddress(found: string, to: ReadonlyMap<string, string>): string {
  const address = found.includes(":") ? to.get(found.toLowerCase()) : undefined;
  if (address === undefined) return found;
  return found === found.toUpperCase() ? address.toUpperCase() : address;
}

function linkFile({ name, match, value }: Extract<NicMapping, { kind: "bind" }>): Change {
  return {
    kind: "write",
    path: at(`etc/systemd/network/10-rehome-${name}.link`),
    content:
      `# Made by rehome (--map-nic ${name}=${value}).\n[Match]\n${match}=${value}\n\n[Link]\nName=${name}\n` as ByteString,
    what: `the card ${value} is called ${name}`,
  };
}

/** A file that cannot get its new name since another has it. */
function taken(tree: TreeView, path: TreePath, nicMap: readonly NicMapping[]): string[] {
  const newPath = mapFileName(path, nicMap);
  return newPath !== path && isThere(tree, newPath) ? [`/${newPath} is there already, so /${path} stays as it is`] : [];
}

/** The names of removed rules that nothing gives to a card any more. */
function namesGiven(path: TreePath, content: ByteString | undefined, nicMap: readonly NicMapping[]): string[] {
  const known = new Set(nicMap.map((mapping) => (mapping.kind === "bind" ? mapping.name : mapping.from)));
  return [...(content ?? "").matchAll(/^[^#\n]*NAME="([A-Za-z0-9._-]+)"/gm)].flatMap(([, name = ""]) =>
    known.has(name)
      ? []
      : [`/${path} gave a card the name ${name}; --map-nic ${name}=MAC gives it to one of the new home`],
  );
}

/** Cards that configuration picks by an address that is not mapped. */
function addressesLeft(path: TreePath, content: ByteString | undefined, nicMap: readonly NicMapping[]): string[] {
  const known = new Set(
    nicMap.flatMap((mapping) => (mapping.kind === "bind" ? [mapping.value] : [mapping.from, mapping.to])),
  );
  const pattern =
    /^\s*(?:MACAddress|PermanentMACAddress|HWADDR|mac-address|macaddress|hwaddress)\s*[=: ]\s*["']?((?:[0-9a-f]{2}:){5}[0-9a-f]{2})/gim;
  return [...(content ?? "").matchAll(pattern)]
    .map(([, address = ""]) => address.toLowerCase())
    .filter((address) => !known.has(address))
    .map((address) => `/${path} picks a card by its address ${address}; --map-nic ${address}=MAC changes it`);
}

/** Files beyond the network's own configuration that name an interface which has another name now. */
function namesLeft(path: TreePath, content: ByteString | undefined, nicMap: readonly NicMapping[]): string[] {
  return nicMap.flatMap((mapping) => {
    if (mapping.kind !== "rename") return [];
    const pattern = new RegExp(String.raw`^[^#\n]*(?<![\w-])${RegExp.escape(mapping.from)}(?![\w-])`, "m");
    return pattern.test(content ?? "")
      ? [`/${path} names ${mapping.from}: change it by hand where it means the interface`]
      : [];
  });
}
