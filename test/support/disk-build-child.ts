import { armCrashPoints } from "../../src/core/crash-points.ts";
import { diskPorts } from "../../src/host/disk/disk-ports.ts";
import { ensurePrivateMounts } from "../../src/host/disk/private-mounts.ts";
import { buildDisk } from "../../src/system/disk/build/build-steps.ts";
import { copying, requestFor, smallLayout, smallOptions } from "./built-disk.ts";

// Builds a small disk in the directory that is named first, and is killed at the crash point whose number is given.
ensurePrivateMounts();
const [directory = "", tree = "", at = ""] = process.argv.slice(2);
let count = 0;
armCrashPoints(() => {
  if (count++ === Number(at)) process.kill(process.pid, "SIGKILL");
});
await buildDisk(requestFor(directory, smallLayout, smallOptions), copying(tree), diskPorts);
