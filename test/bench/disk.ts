/**
 * Measures `disk build` to a qcow2 beside `tar -x` into a mounted loop device and `qemu-img convert`, in turn:
 * `node test/bench/disk.ts [PAIRS]`. Needs root, and room for four such trees in the cache of the tests.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { debianTarball } from "../support/debian-tree.ts";
import { median, run } from "./measure.ts";

const pairs = Number(process.argv[2] ?? 3);
const program = fileURLToPath(new URL("../../bin/rehome", import.meta.url));
const cache = process.env["REHOME_TEST_CACHE"] ?? fileURLToPath(new URL("../../.test-cache", import.meta.url));
mkdirSync(cache, { recursive: true });
const work = mkdtempSync(join(cache, "bench-disk-"));
const out = join(work, "out");
const env = { ...process.env, REHOME_STATE_DIR: join(work, "state"), REHOME_PREPARE_DIR: join(work, "none") };
const tarball = debianTarball();

const peer = `cd "${out}" && truncate -s 2G base.raw && mkfs.ext4 -q -F base.raw && mkdir tree && mount -o loop base.raw tree &&
  tar -xpf "${tarball}" -C tree --xattrs --xattrs-include='*' --numeric-owner && umount tree &&
  qemu-img convert -f raw -O qcow2 base.raw base.qcow2`;
// An initramfs is made by no copy; how long that takes is update-initramfs's.
const own = `"${program}" disk build debian -o "${out}/vm.qcow2" --size 2G --skip initramfs -q`;

/** Runs a command of bash; `extraBytes`: the most that lay in `out` beside the qcow2 that it leaves. */
async function measure(command: string): Promise<{ readonly wallMs: number; readonly extraBytes: number }> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const begin = performance.now();
  const child = spawn("bash", ["-c", command], { env, stdio: ["ignore", "ignore", "inherit"] });
  let peakBytes = 0;
  const look = setInterval(() => (peakBytes = Math.max(peakBytes, allocatedIn(out))), 50);
  const [status] = (await once(child, "close")) as [number | null];
  clearInterval(look);
  if (status !== 0) throw new Error(`bench: it ended with ${status}: ${command}`);
  const left = readdirSync(out).filter((name) => name.endsWith(".qcow2"));
  const made = left.reduce((sum, name) => sum + statSync(join(out, name)).blocks * 512, 0);
  return { wallMs: performance.now() - begin, extraBytes: peakBytes - made };
}

function allocatedIn(directory: string): number {
  return readdirSync(directory).reduce(
    (sum, name) => sum + (statSync(join(directory, name), { throwIfNoEntry: false })?.blocks ?? 0) * 512,
    0,
  );
}

try {
  run(`mkdir "${work}/tree" && tar -xpf "${tarball}" -C "${work}/tree" --numeric-owner`);
  run(`REHOME_STATE_DIR="${work}/state" "${program}" capture "${work}/tree/" --name debian -q`);
  const ratios: { readonly wall: number; readonly extra: number }[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const base = await measure(peer);
    run(`sync "${out}/base.raw"`);
    const rawBytes = statSync(join(out, "base.raw")).blocks * 512;
    const ours = await measure(own);
    ratios.push({ wall: ours.wallMs / base.wallMs, extra: ours.extraBytes / rawBytes });
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
    process.stdout.write(
      `tar and convert ${seconds(base.wallMs)}, disk build ${seconds(ours.wallMs)}; ` +
        `raw ${Math.round(rawBytes / 1e6)} MB, beside the qcow2 ${Math.round(ours.extraBytes / 1e6)} MB\n`,
    );
  }
  const of = (key: "wall" | "extra"): string => median(ratios.map((ratio) => ratio[key])).toFixed(2);
  process.stdout.write(`ratio of ${pairs} pairs: elapsed ${of("wall")}, peak extra space ${of("extra")}\n`);
} finally {
  run(`if mountpoint -q "${out}/tree"; then umount "${out}/tree"; fi`);
  rmSync(work, { recursive: true, force: true });
}
