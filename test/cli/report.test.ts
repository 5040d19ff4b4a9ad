import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertDocument } from "./documents.ts";
import { run as runTool } from "../support/run.ts";
import { sandbox } from "./run-rehome.ts";
import { makeSmallTree } from "./small-tree.ts";

const token = `ghp_${"k".repeat(40)}`;
const passwords = ["hunter2", "correct horse", "abc.def.ghi", "swordfish"];

test("report holds configuration, journals, logs and evidence, and none of the secrets in them", (context) => {
  const { directory, environment, run, document } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  mkdirSync(join(directory, "etc/capture"), { recursive: true });
  mkdirSync(join(directory, "etc/nspawn"), { recursive: true });
  environment["REHOME_CONFIG"] = join(directory, "etc/config.yaml");
  writeFileSync(join(directory, "etc/config.yaml"), `# password: ${passwords[0]}\nkeep-jobs-days: 3\n`);
  writeFileSync(join(directory, "etc/capture/web.conf"), `SYSTEM=/\nDB_PASSWORD="${passwords[1]}"\n`);
  writeFileSync(join(directory, "etc/capture/.netrc"), `machine example.org login me password ${passwords[3]}\n`);
  writeFileSync(join(directory, "etc/nspawn/web.nspawn"), `[Exec]\nEnvironment=API_TOKEN=${passwords[2]}\nBoot=yes\n`);
  runTool("mkfifo", join(directory, "etc/nspawn/pipe.nspawn"));
  environment["REHOME_TEST_SECRET"] = passwords[3];
  assert.equal(run("capture", "./rootfs", "--name", "web").status, 0);
  const job = readdirSync(join(directory, "state/jobs")).find((name) => /^[0-9a-f]{8}$/.test(name)) ?? "";
  appendFileSync(join(directory, "state/jobs", job, "log"), `cloning https://me:${passwords[0]}@host with ${token}\n`);

  const { status, stdout } = run("report", "--output", "report.tar.gz");
  assert.equal(status, 0);
  assert.match(stdout, /cannot be restored/);
  assert.match(stdout, /left out .*\/\.netrc: it holds a secret \(credentials\)/);
  assert.match(stdout, /left out .*pipe\.nspawn: it is no regular file/);
  assert.equal(statSync(join(directory, "report.tar.gz")).mode & 0o777, 0o600);
  mkdirSync(join(directory, "unpacked"));
  runTool("tar", "-xzf", join(directory, "report.tar.gz"), "-C", join(directory, "unpacked"), "--strip-components=1");
  const text = (path: string): string => runTool("cat", join(directory, "unpacked", path));
  assert.match(text("README"), /THIS IS NO BACKUP\. It cannot be restored/);
  assert.match(text(`configuration${directory}/etc/config.yaml`), /^# password: \(left out\)\nkeep-jobs-days: 3\n$/);
  assert.match(text(`configuration${directory}/etc/nspawn/web.nspawn`), /TOKEN=\(left out\)\nBoot=yes/);
  assert.match(text(`jobs/${job}/log`), /cloning https:\/\/\(left out\)@host with \(left out\)\n$/);
  for (const name of ["job.json", "events.json", "evidence.json"]) JSON.parse(text(`jobs/${job}/${name}`));
  for (const name of ["host.json", "doctor.json", "paths.json", "jobs/list.json"]) JSON.parse(text(name));
  for (const secret of [...passwords, token])
    assert.equal(spawnSync("grep", ["-rF", secret, join(directory, "unpacked")]).status, 1, secret);

  assert.equal(run("report", "--output", "report.tar.gz").status, 2);
  const answer = document("report");
  assert.equal(answer.status, 0);
  assertDocument("report", answer.document);
  // What it is given is no image, and says so.
  assert.notEqual(run("restore", "./report.tar.gz", "./new").status, 0);
});

test("report works on a host that rehome has never run on, and leaves nothing there but itself", (context) => {
  const { directory, run } = sandbox(context);
  const before = readdirSync(directory);
  assert.equal(run("report", "--output", "report.tar.gz").status, 0);
  assert.deepEqual(readdirSync(directory).toSorted(), [...before, "report.tar.gz"].toSorted());
});
