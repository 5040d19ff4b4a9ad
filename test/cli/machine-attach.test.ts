import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { quoteForShell } from "../../src/cli/render/shell-words.ts";
import { tryLockFile } from "../../src/host/file-locks.ts";
import { makeSolarisHosts } from "../support/solaris-hosts.ts";
import { makeMachine, makeSite, moveFiles, put } from "../support/two-sites.ts";
import { assertDocument } from "./documents.ts";
import { program } from "./run-rehome.ts";

const golden = readFileSync(join(import.meta.dirname, "../golden/zone-report.txt"), "utf8").trim();
const manifestSchema = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../docs/format/detached.schema.json"), "utf8"),
) as object;
const isManifest = new Ajv2020({ allErrors: true, strict: true }).compile(manifestSchema);

test("a machine is detached on one host, moved, created and attached on another, and comes back", (context) => {
  const [host1, host2] = [makeSite(context), makeSite(context)];
  makeMachine(host1, "web1", "[Exec]\nBoot=yes\n\n[Files]\nBind=+/data:/srv\n");
  put(join(host1.directory, "etc/system/systemd-nspawn@web1.service.d/limits.conf"), "[Service]\nTasksMax=100\n");
  mkdirSync(join(host1.autostartLink("web1"), ".."), { recursive: true });
  symlinkSync("/nowhere", host1.autostartLink("web1"));

  const detached = host1.document("machine", "detach", "web1");
  assertDocument("machine-detach", detached.document);
  assert.equal(host1.stateOf("web1"), "detached");
  assert.equal(lstatSync(host1.autostartLink("web1"), { throwIfNoEntry: false }), undefined);
  const manifest = JSON.parse(readFileSync(join(host1.machine("web1"), ".rehome/detached.json"), "utf8")) as object;
  assert.ok(isManifest(manifest), JSON.stringify(isManifest.errors));

  moveFiles("web1", host1, host2);
  assert.equal(host1.stateOf("web1"), "configured");
  const early = host2.run("machine", "attach", "web1");
  assert.equal(early.status, 3);
  assert.match(early.stderr, /not configured on this host.*\nrehome machine create web1 --from /);

  const created = host2.document("machine", "create", "web1", "--from", host2.machine("web1"));
  assertDocument("machine-create", created.document);
  assert.equal(readFileSync(host2.settingsFile("web1"), "utf8"), readFileSync(host1.settingsFile("web1"), "utf8"));
  assert.equal(
    readFileSync(join(host2.directory, "etc/system/systemd-nspawn@web1.service.d/limits.conf"), "utf8"),
    "[Service]\nTasksMax=100\n",
  );
  assert.equal(host2.stateOf("web1"), "detached");

  const attached = host2.document("machine", "attach", "web1");
  assertDocument("machine-attach", attached.document);
  assert.equal(attached.status, 0, JSON.stringify(attached.document));
  assert.equal(host2.stateOf("web1"), "installed");
  assert.deepEqual(readdirSync(join(host2.machine("web1"), ".rehome")), ["owner.json"]);
  assert.ok(lstatSync(host2.autostartLink("web1")).isSymbolicLink());

  assert.equal(host2.run("machine", "detach", "web1").status, 0);
  moveFiles("web1", host2, host1);
  assert.equal(host1.run("machine", "attach", "web1").stdout, "web1 is attached\n");
  const { machines } = host1.document("machine", "list").document as { machines: Record<string, unknown>[] };
  assert.deepEqual([machines[0]?.["state"], machines[0]?.["epoch"]], ["installed", 2]);
});

test("an old copy of a machine is refused once the machine has gone on", (context) => {
  const [host1, host2] = [makeSite(context), makeSite(context)];
  makeMachine(host1, "web1");
  assert.equal(host1.run("machine", "detach", "web1").status, 0);
  spawnSync("cp", ["-a", host1.machine("web1"), join(host1.directory, "old")]);
  moveFiles("web1", host1, host2);
  for (const words of [
    ["create", "web1", "--from", host2.machine("web1")],
    ["attach", "web1"],
    ["detach", "web1"],
  ])
    assert.equal(host2.run("machine", ...words).status, 0, words.join(" "));
  moveFiles("web1", host2, host1);
  assert.equal(host1.run("machine", "attach", "web1").status, 0);
  renameSync(host1.machine("web1"), join(host1.directory, "aside"));
  renameSync(join(host1.directory, "old"), host1.machine("web1"));
  const refused = host1.document("machine", "attach", "web1", "-F");
  assert.deepEqual(
    [refused.status, (refused.document as { error: { code: string } }).error.code],
    [3, "MACHINE_NOT_OWNED"],
  );
});

test("detach -n prints a manifest of a machine that runs, and attach -n says of it whether it fits elsewhere", (context) => {
  const [host1, host2] = [makeSite(context), makeSite(context)];
  makeMachine(host1, "web1", "[Exec]\nBoot=yes\n[Network]\nBridge=br-none\n[Files]\nBind=/nowhere/here\n");
  using lock = tryLockFile(join(host1.directory, "machines/.#web1.lck"));
  assert.ok(lock);
  assert.match(
    host1.run("machine", "detach", "web1").stderr,
    /it is running.*\nStop it first: rehome machine stop web1/,
  );
  const command = `${quoteForShell(program)} machine detach -n web1`;
  const attach = `${quoteForShell(program)} machine attach -n - --json`;
  const variables = ["REHOME_STATE_DIR", "REHOME_MACHINES_DIR", "REHOME_NSPAWN_DIR", "REHOME_RULES"];
  const there = variables.map((name) => `${name}=${quoteForShell([String(host2.environment[name])])}`).join(" ");
  const piped = spawnSync("bash", ["-o", "pipefail", "-c", `${command} | env ${there} ${attach}`], {
    env: host1.environment,
    encoding: "utf8",
  });
  assert.equal(piped.status, 3, piped.stderr);
  const report = JSON.parse(piped.stdout) as { findings: { check: string }[] };
  assertDocument("machine-attach", report);
  const checks = report.findings.map(({ check }) => check).filter((check) => check !== "kernel-feature");
  assert.deepEqual(checks, ["network-device", "bind-source", "settings"]);
  assert.ok(!existsSync(join(host1.machine("web1"), ".rehome")));
  assert.deepEqual([host2.stateOf("web1"), existsSync(host2.settingsFile("web1"))], [undefined, false]);
});

test("attach -n gives the report of the proposal for zone migration, each line in its section", (context) => {
  const site = makeSite(context);
  const hosts = makeSolarisHosts(site.directory);
  makeMachine(site, "z1", "[Files]\nBindReadOnly=/usr\n");
  const { stdout } = site.run("machine", "detach", "-n", "z1", "--host-root", hosts.source);
  writeFileSync(join(site.directory, "z1.json"), stdout);
  const words = ["machine", "attach", "-n", "z1.json", "--host-root", hosts.target, "--allow", "BindReadOnly"];
  const report = site.run(...words);
  assert.equal(report.status, 3);
  const plain = report.stdout.split("what would mend it")[0]?.trim() ?? "";
  const joined = (text: string): string[] =>
    text
      .replaceAll(/\n *\(/g, " (")
      .split(/\n(?=source|local)/)
      .map((section) => section.split(/\n */).toSorted().join("\n"));
  assert.deepEqual(joined(plain), joined(golden));
  const { document, status } = site.document(...words);
  assert.equal(status, 3);
  assertDocument("machine-attach", document);
  assert.equal(
    site.run("machine", "attach", "-n", "z1.json", "--host-root", hosts.source, "--allow", "BindReadOnly").status,
    0,
  );
});

test("findings keep a machine configured; force passes over software alone, and keeps the manifest", (context) => {
  const site = makeSite(context);
  const hosts = makeSolarisHosts(site.directory);
  makeMachine(site, "z1", "[Files]\nBindReadOnly=/usr\n");
  assert.equal(site.run("machine", "detach", "z1", "--host-root", hosts.source).status, 0);
  const attach = ["machine", "attach", "z1", "--host-root", hosts.target];
  assert.equal(site.run(...attach, "--allow", "BindReadOnly").status, 3);
  assert.equal(site.stateOf("z1"), "detached");
  const notAllowed = site.run(...attach, "-F");
  assert.equal(notAllowed.status, 3);
  assert.match(notAllowed.stdout, /BindReadOnly=\/usr is not permitted[^]*--allow BindReadOnly/);
  assert.equal(site.run(...attach, "-F", "-n").status, 2);
  const forced = site.document(...attach, "-F", "--allow", "BindReadOnly");
  assert.equal(forced.status, 0);
  assert.equal((forced.document as { softwareChecked: boolean }).softwareChecked, false);
  const { jobs } = site.document("job", "list").document as { jobs: { id: string }[] };
  const evidence = readFileSync(join(site.directory, "state/jobs", jobs[0]?.id ?? "", "evidence.json"), "utf8");
  assert.match(evidence, /attach z1 by force: its host's software was not compared/);
  assert.ok(existsSync(join(site.machine("z1"), ".rehome/attached-forced.json")));
  assert.equal(site.stateOf("z1"), "installed");
});

test("rules ask for less than the very same versions", (context) => {
  const site = makeSite(context);
  const hosts = makeSolarisHosts(site.directory);
  makeMachine(site, "z1", "[Files]\nBindReadOnly=/usr\n");
  const { stdout } = site.run("machine", "detach", "-n", "z1", "--host-root", hosts.source);
  put(join(site.directory, "z1.json"), stdout);
  const attach = ["machine", "attach", "-n", "z1.json", "--host-root", hosts.target, "--allow", "BindReadOnly"];
  put(join(site.directory, "validate.yaml"), "match:\n  default: at-least\n  ignore: [SUNWradpu320, NCR*]\n");
  assert.equal(site.run(...attach).status, 0);
  put(join(site.directory, "validate.yaml"), "match: {default: newer}\n");
  assert.equal(site.run(...attach).status, 2);
});

test("detach refuses a directory that is not the machine's own", (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  const refused = (): string => {
    const { status, stderr } = site.run("machine", "detach", "web1");
    assert.equal(status, 3, stderr);
    assert.equal(existsSync(join(site.machine("web1"), ".rehome")), false);
    return stderr;
  };
  chmodSync(join(site.directory, "machines"), 0o755);
  assert.match(refused(), /others can enter/);
  chmodSync(join(site.directory, "machines"), 0o700);
  renameSync(site.machine("web1"), join(site.directory, "elsewhere"));
  symlinkSync(join(site.directory, "elsewhere"), site.machine("web1"));
  assert.match(refused(), /is a symbolic link/);
  assert.equal(site.run("machine", "detach", "nobody").status, 3);
  assert.equal(site.run("machine", "detach", "nobody", "-n").status, 3);
});

test("a machine that was never detached is attached by a manifest made from its tree", (context) => {
  const site = makeSite(context);
  put(join(site.machine("lost"), "etc/machine-id"), `${"fedcba9876543210".repeat(2)}\n`);
  assert.equal(site.run("machine", "create", "lost", "--from", site.machine("lost")).status, 0);
  assert.equal(site.stateOf("lost"), "configured");
  const { stderr, status } = site.run("machine", "attach", "lost");
  assert.equal(status, 0, stderr);
  assert.match(stderr, /never detached/);
  assert.equal(site.stateOf("lost"), "installed");
});

test("create changes settings on the way, names what is not permitted, and never takes a name in use", (context) => {
  const [host1, host2] = [makeSite(context), makeSite(context)];
  makeMachine(
    host1,
    "web1",
    "[Exec]\nCapability=CAP_SYS_ADMIN\nHostname=a\n[Network]\nMACVLAN=eth0 eth1:lan\nBridge=br0\n",
  );
  host1.run("machine", "detach", "web1");
  const from = ["--from", host1.machine("web1")];
  const changes = ["net.1.physical=e1000g0", "Exec.Hostname=", "Exec.User=b"];
  const shown = host2.run(
    "machine",
    "create",
    "web1",
    ...from,
    "--show",
    ...changes.flatMap((change) => ["--set", change]),
    "--allow",
    "Capability",
  );
  assert.equal(
    shown.stdout,
    "[Exec]\nCapability=CAP_SYS_ADMIN\nUser=b\n\n[Network]\nMACVLAN=eth0 e1000g0:lan\nBridge=br0\n",
  );
  const refused = host2.run("machine", "create", "web1", ...from);
  assert.equal(refused.status, 3);
  assert.match(refused.stdout, /Capability=CAP_SYS_ADMIN is not permitted/);
  assert.equal(host2.stateOf("web1"), undefined);
  for (const wrong of ["net.9.physical=x", "net.0.physical=", "Exec=x", "Exec.User=a\nb"])
    assert.equal(host2.run("machine", "create", "web1", ...from, "--set", wrong).status, 2, wrong);
  assert.equal(host2.run("machine", "create", "web1", ...from, "--allow", "Capability").status, 0);
  assert.equal(host2.run("machine", "create", "web1", ...from, "--allow", "Capability").status, 3);
  assert.equal(host2.run("machine", "create", "../x", ...from).status, 2);
  assert.equal(host2.run("machine", "create", "web2").status, 2);
});

test("a hostile manifest is refused by name", (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  site.run("machine", "detach", "web1");
  const path = join(site.machine("web1"), ".rehome/detached.json");
  const manifest = readFileSync(path, "utf8");
  const code = (): unknown => {
    const { status, document } = site.document("machine", "attach", "web1", "-F");
    assert.equal(status, 3);
    return (document as { error: { code: string } }).error.code;
  };
  writeFileSync(path, manifest.replace('"epoch": 0', '"epoch": -1'));
  assert.equal(code(), "MANIFEST_INVALID");
  writeFileSync(path, "{");
  assert.equal(code(), "MANIFEST_INVALID");
  rmSync(path);
  symlinkSync("/etc/hostname", path);
  assert.equal(code(), "MANIFEST_INVALID");
  assert.equal(statSync("/etc/hostname").isFile(), true);
});

test("hooks run before and after, and keep a machine from being detached by the status they end with", (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  const hook = (when: string, script: string): void => {
    const path = join(site.directory, "hooks", `${when}.d/hook`);
    put(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  };
  const told = join(site.directory, "told");
  hook("pre-detach", "exit 254");
  const refused = site.run("machine", "detach", "web1");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /ended with 254: it did nothing, and the machine is as it was \[HOOK_FAILED\]/);
  assert.equal(site.stateOf("web1"), "installed");
  hook("pre-detach", `echo "$REHOME_HOOK $REHOME_MACHINE $REHOME_ROOT" >> ${told}`);
  hook("post-detach", `echo "$REHOME_HOOK" >> ${told}`);
  assert.equal(site.run("machine", "detach", "web1").status, 0);
  assert.equal(readFileSync(told, "utf8"), `pre-detach web1 ${site.machine("web1")}\npost-detach\n`);
  hook("pre-attach", "exit 255");
  assert.match(site.run("machine", "attach", "web1").stderr, /needs cleaning by hand/);
  assert.equal(site.stateOf("web1"), "incomplete");
  const { jobs } = site.document("job", "list").document as { jobs: { id: string }[] };
  assert.equal(site.run("job", "undo", jobs[0]?.id ?? "").status, 0);
  assert.equal(site.stateOf("web1"), "detached");
});
