import assert from "node:assert/strict";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { asRoot } from "../support/temporary-directory.ts";
import { makeMachine, makeSite, put, type Site } from "../support/two-sites.ts";
import { assertDocument } from "./documents.ts";

const newestJob = (site: Site): string =>
  (site.document("job", "list").document as { jobs: { id: string }[] }).jobs[0]?.id ?? "";

test(
  "create makes a machine from any image, with an identity that it completes when it starts first",
  asRoot,
  (context) => {
    const site = makeSite(context);
    put(join(site.directory, "golden/etc/machine-id"), `${"0123456789abcdef".repeat(2)}\n`);
    put(join(site.directory, "golden/etc/hostname"), "golden\n");
    put(join(site.directory, "golden/etc/ssh/ssh_host_rsa_key"), "secret");
    put(join(site.directory, "golden/srv/data"), "content");
    assert.equal(site.run("capture", "./golden").status, 0);
    const planned = site.document("machine", "create", "web9", "--from", "golden", "-n");
    assertDocument("machine-create", planned.document);
    assert.equal(site.stateOf("web9"), undefined);
    const told = join(site.directory, "told");
    for (const when of ["pre", "post"]) {
      const hook = join(site.directory, "hooks", `${when}-install.d/hook`);
      put(hook, `#!/bin/sh\necho "$REHOME_HOOK $REHOME_MACHINE $REHOME_IMAGE" >> ${told}\n`);
      chmodSync(hook, 0o755);
    }
    const created = site.document("machine", "create", "web9", "--from", "golden:1");
    assert.equal(created.status, 0, JSON.stringify(created.document));
    assertDocument("machine-create", created.document);
    assert.equal(site.stateOf("web9"), "installed");
    assert.equal(readFileSync(told, "utf8"), "pre-install web9 golden:1\npost-install web9 golden:1\n");
    assert.equal(readFileSync(join(site.machine("web9"), "etc/machine-id"), "utf8"), "");
    assert.equal(readFileSync(join(site.machine("web9"), "etc/hostname"), "utf8"), "web9\n");
    assert.equal(existsSync(join(site.machine("web9"), "etc/ssh/ssh_host_rsa_key")), false);
    assert.equal(readFileSync(join(site.machine("web9"), "srv/data"), "utf8"), "content");
    assert.equal(readFileSync(site.settingsFile("web9"), "utf8"), "[Exec]\nBoot=yes\nPrivateUsers=pick\n");
    const { machines } = site.document("machine", "list").document as { machines: Record<string, unknown>[] };
    assert.deepEqual([machines[0]?.["image"], machines[0]?.["epoch"]], ["golden:1", 1]);

    assert.equal(site.run("machine", "create", "web9", "--from", "golden").status, 3, "the name is in use");
    assert.equal(site.run("machine", "create", "web8", "--from", "nothing").status, 2);
    assert.equal(site.run("job", "undo", newestJob(site)).status, 0);
    assert.equal(site.stateOf("web9"), undefined);

    const kept = site.run("machine", "create", "same", "--from", "golden", "--keep-identity", "--set", "Exec.User=b");
    assert.equal(kept.status, 0, kept.stderr);
    assert.match(readFileSync(join(site.machine("same"), "etc/machine-id"), "utf8"), /^0123456789abcdef/);
    assert.equal(site.run("machine", "create", "x", "--from", site.machine("same"), "--fresh", "now").status, 2);
  },
);

test("an image of a machine brings its settings, and those that reach out of it are refused", asRoot, (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1", "[Exec]\nBoot=yes\nHostname=web1\nCapability=CAP_SYS_ADMIN\n");
  assert.equal(site.run("capture", "machine:web1").status, 0);
  const refused = site.document("machine", "create", "web2", "--from", "web1");
  assert.equal(refused.status, 3);
  assertDocument("machine-create", refused.document);
  assert.equal(site.stateOf("web2"), undefined);
  assert.equal(site.run("machine", "create", "web2", "--from", "web1", "--allow", "Capability").status, 0);
  assert.equal(readFileSync(site.settingsFile("web2"), "utf8"), "[Exec]\nBoot=yes\nCapability=CAP_SYS_ADMIN\n");
});

test("a machine goes as one image: detach --to-image here, attach --from there", asRoot, (context) => {
  const [host1, host2] = [makeSite(context), makeSite(context)];
  const store = ["--store", join(host1.directory, "shared")];
  makeMachine(host1, "web1", "[Exec]\nBoot=yes\n[Network]\nBridge=br-none\n");
  put(join(host1.machine("web1"), "srv/data"), "content");
  mkdirSync(join(host1.autostartLink("web1"), ".."), { recursive: true });
  symlinkSync("/nowhere", host1.autostartLink("web1"));
  const detached = host1.document("machine", "detach", "web1", "--to-image", ...store);
  assert.equal(detached.status, 0, JSON.stringify(detached.document));
  assertDocument("machine-detach", detached.document);
  assert.equal(host1.stateOf("web1"), "detached");
  const { machines } = host1.document("machine", "list").document as { machines: Record<string, unknown>[] };
  assert.equal(machines[0]?.["image"], "web1:1");
  const here = host1.run("machine", "attach", "web1", "--from", "web1:1", ...store);
  assert.equal(here.status, 3);
  assert.match(here.stderr, /web1 is there already.*\nAttach those/);

  const attach = ["machine", "attach", "web1", "--from", "web1:1", ...store];
  const refused = host2.document(...attach);
  assert.equal(refused.status, 3);
  assertDocument("machine-attach", refused.document);
  assert.deepEqual(
    [host2.stateOf("web1"), existsSync(host2.settingsFile("web1"))],
    [undefined, false],
    "nothing has changed",
  );
  put(host2.settingsFile("web1"), "[Exec]\nBoot=yes\n");
  assert.equal(host2.run(...attach, "-n").status, 0, "it is configured in another way here");
  assert.equal(host2.stateOf("web1"), "configured");
  assert.equal(host2.run(...attach).stdout, "web1 is attached\n");
  assert.equal(host2.stateOf("web1"), "installed");
  assert.equal(readFileSync(host2.settingsFile("web1"), "utf8"), "[Exec]\nBoot=yes\n");
  assert.equal(readFileSync(join(host2.machine("web1"), "srv/data"), "utf8"), "content");
  assert.deepEqual(readdirSync(join(host2.machine("web1"), ".rehome")), ["owner.json"]);
  assert.ok(lstatSync(host2.autostartLink("web1")).isSymbolicLink());

  assert.equal(host2.run("job", "undo", newestJob(host2)).status, 0);
  assert.equal(host2.stateOf("web1"), "configured");
  assert.equal(existsSync(host2.machine("web1")), false);
  assert.equal(host1.run("job", "undo", newestJob(host1)).status, 0);
  assert.equal(host1.stateOf("web1"), "installed");
  assert.equal(host1.run("images", ...store).stdout, "");
});

test("attach --from takes no image but that of a detached machine, and not an old one", asRoot, (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  assert.equal(site.run("capture", "machine:web1", "--name", "plain").status, 0);
  const plain = site.run("machine", "attach", "web2", "--from", "plain");
  assert.equal(plain.status, 2);
  assert.match(plain.stderr, /it is no image of a detached machine/);
  for (const words of [
    ["detach", "web1", "--to-image"],
    ["attach", "web1"],
    ["detach", "web1"],
  ])
    assert.equal(site.run("machine", ...words).status, 0);
  rmSync(site.machine("web1"), { recursive: true });
  const old = site.document("machine", "attach", "web1", "--from", "web1:1");
  assert.deepEqual([old.status, (old.document as { error: { code: string } }).error.code], [3, "MACHINE_NOT_OWNED"]);
});
