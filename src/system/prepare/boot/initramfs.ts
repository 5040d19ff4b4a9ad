import type { ByteString } from "../../../core/tree/byte-string.ts";
import type { Change, Operation } from "../operation.ts";
import { nothing } from "../operation.ts";
import type { TreeView } from "../ports.ts";
import { at, findProgram, maxConfigBytes, pathsIn, kindOf } from "../text/tree-paths.ts";
import { kernelVersions } from "./kernels.ts";

const timeoutMs = 15 * 60_000;
const modulesPath = at("etc/initramfs-tools/modules");
const genericPath = at("etc/initramfs-tools/conf.d/zz-rehome");
const generic =
  "# Made by rehome: a system that changes its hardware needs the drivers of all.\nMODULES=most\n" as ByteString;

/** The first stage made anew by the tree's own tool, with drivers for other hardware and the references as they are now. */
export const initramfs: Operation<"initramfs"> = {
  name: "initramfs",
  summary: "the initramfs, with drivers for other hardware",
  policies: ["keep", "reset"],
  examine(tree, { bootModules }) {
    const kernels = kernelVersions(tree);
    if (kernels.length === 0) return nothing;
    const updater = findProgram(tree, "update-initramfs");
    if (updater !== undefined && kindOf(tree, at("etc/initramfs-tools/initramfs.conf")) === "file")
      return {
        changes: [
          ...genericDrivers(tree),
          ...moreModules(tree, bootModules),
          ...kernels.map((version) => update(updater, version)),
        ],
      };
    const dracut = findProgram(tree, "dracut");
    if (dracut !== undefined)
      return { changes: kernels.flatMap((version) => runDracut(tree, dracut, version, bootModules)) };
    const [kernel] = kernels;
    return {
      changes: [],
      blocked: `the tree has the kernel ${kernel} and neither update-initramfs nor dracut to make its initramfs`,
    };
  },
};

function update(updater: string, version: string): Change {
  const what = `initramfs of ${version}`;
  // -c makes one that is missing, and makes one anew that is there.
  return { kind: "run", argv: [updater, "-c", "-k", version], what, timeoutMs };
}

/** An initramfs of `MODULES=dep` holds what the machine needs that it is made on. */
function genericDrivers(tree: TreeView): Change[] {
  const policy = [
    "etc/initramfs-tools/initramfs.conf" as ByteString,
    ...pathsIn(tree, "etc/initramfs-tools/conf.d", /^[\w-]+$/),
  ]
    .flatMap((path) => [...(tree.read(path, maxConfigBytes) ?? "").matchAll(/^\s*MODULES=["']?(\w+)/gm)])
    .at(-1)?.[1];
  const what = `MODULES=most instead of ${policy}`;
  return policy === "dep" || policy === "list" ? [{ kind: "write", path: genericPath, content: generic, what }] : [];
}

/** initramfs-tools takes what is listed, one a line, wherever the machine is. */
function moreModules(tree: TreeView, modules: readonly string[]): Change[] {
  const listed = tree.read(modulesPath, maxConfigBytes) ?? "";
  const missing = modules.filter((name) => !new RegExp(`^\\s*${name}\\s*$`, "m").test(listed));
  if (missing.length === 0) return [];
  const before = listed === "" || listed.endsWith("\n") ? listed : `${listed}\n`;
  const content = `${before}${missing.join("\n")}\n` as ByteString;
  const lines = missing.map((name) => `+ ${name}`);
  return [{ kind: "write", path: modulesPath, content, what: `modules ${missing.join(", ")}`, lines }];
}

/**
 * dracut writes over what is there, and half of it starts nothing: it writes beside the one of before, which is then replaced. Where
 * there is none, dracut knows the distribution's place.
 */
function runDracut(tree: TreeView, dracut: string, version: string, modules: readonly string[]): Change[] {
  const path = [`boot/initramfs-${version}.img`, `boot/initrd.img-${version}`, `boot/initrd-${version}`]
    .map(at)
    .find((candidate) => kindOf(tree, candidate) === "file");
  const made = at(`${path}.rehome`);
  const added = modules.length > 0 ? ["--add-drivers", modules.join(" ")] : [];
  const argv = [dracut, "--force", "--no-hostonly", "--no-hostonly-cmdline", ...added, "--kver", version];
  const what = `initramfs of ${version}`;
  const run = { kind: "run", what, timeoutMs, env: { DRACUT_NO_MKNOD: "1" } } as const;
  if (path === undefined) return [{ ...run, argv }];
  return [
    { ...run, argv: [...argv, `/${made}`] },
    { kind: "move", from: made, path, what: "takes the place of the old one" },
  ];
}
