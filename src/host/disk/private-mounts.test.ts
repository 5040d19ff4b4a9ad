import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "../../../test/support/run.ts";
import { asRoot, temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { readMounts } from "../file-systems.ts";
import { diskPorts } from "./disk-ports.ts";
import { loopDevicesOf } from "./loop-devices.ts";
import { ensurePrivateMounts } from "./private-mounts.ts";

test("ensurePrivateMounts() keeps mounts to the process, and they go when it is killed", asRoot, async (context) => {
  const directory = temporaryDirectory(context);
  const [path, tree] = [join(directory, "disk"), join(directory, "tree")];
  diskPorts.files.allocate(path, 16 * 2 ** 20);
  diskPorts.files.makeDirectory(tree);
  run("mke2fs", "-q", "-t", "ext4", path);
  const script = join(directory, "script.mts");
  writeFileSync(
    script,
    `import { readFileSync } from "node:fs";
    import { ${ensurePrivateMounts.name} as ensurePrivateMounts } from ${JSON.stringify(join(import.meta.dirname, "private-mounts.ts"))};
    import { diskPorts } from ${JSON.stringify(join(import.meta.dirname, "disk-ports.ts"))};
    ensurePrivateMounts();
    const part = await diskPorts.attach(process.argv[2], 0, ${16 * 2 ** 20});
    await diskPorts.mount(part.device, process.argv[3], "ext4", []);
    const isMounted = readFileSync("/proc/self/mountinfo", "utf8").includes(process.argv[3]);
    process.stdout.write(JSON.stringify({ isMounted, pid: process.pid, marker: process.env.REHOME_PRIVATE_MOUNTS ?? null }));
    setInterval(() => {}, 1000);`,
  );
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, path, tree], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  assert.deepEqual(JSON.parse(said.toString()), { isMounted: true, pid: child.pid, marker: null });
  assert.ok(!readMounts().some(({ mountPoint }) => mountPoint === tree));
  assert.equal(loopDevicesOf(directory).length, 1);
  child.kill("SIGKILL");
  await once(child, "close");
  for (let attempt = 0; attempt < 100 && loopDevicesOf(directory).length > 0; attempt++) await delay(20);
  assert.deepEqual(loopDevicesOf(directory), []);
});
