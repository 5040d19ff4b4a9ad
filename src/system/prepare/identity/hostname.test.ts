import assert from "node:assert/strict";
import { test } from "node:test";
import { handMadeTree } from "../../../../test/support/hand-made-tree.ts";
import { parseNewHostname } from "./hostname.ts";

const hosts = [
  "127.0.0.1\tlocalhost",
  "127.0.1.1  web.example.org   web\t# this is web",
  "192.168.1.5 web-db webserver web",
  "10.0.0.1\tgateway",
  "# web is the old name",
  "::1 ip6-localhost",
  "",
].join("\n");

test("hostname: the name changes where it stands for the host, all else stays byte for byte", async (context) => {
  const tree = handMadeTree(context, {
    "etc/hostname": "web\n",
    "etc/hosts": hosts,
    "etc/mailname": "web.example.org\n",
  });
  await tree.prepare("hostname", { hostname: "shop" });
  assert.equal(tree.text("etc/hostname"), "shop\n");
  assert.equal(tree.text("etc/mailname"), "shop.example.org\n");
  assert.deepEqual(tree.text("etc/hosts").split("\n"), [
    "127.0.0.1\tlocalhost",
    "127.0.1.1  shop.example.org   shop\t# this is web",
    "192.168.1.5 web-db webserver shop",
    "10.0.0.1\tgateway",
    "# web is the old name",
    "::1 ip6-localhost",
    "",
  ]);
  assert.equal(tree.plan("hostname", { hostname: "shop" }).state, "nothing", "a second time");
});

test("hostname: a full name brings its domain", async (context) => {
  const tree = handMadeTree(context, { "etc/hostname": "web\n", "etc/hosts": hosts });
  await tree.prepare("hostname", { hostname: "shop.example.net" });
  assert.match(tree.text("etc/hosts"), /^127\.0\.1\.1 {2}shop\.example\.net {3}shop\t/m);
  const short = handMadeTree(context, { "etc/hostname": "web\n", "etc/hosts": "127.0.1.1 web\n" });
  await short.prepare("hostname", { hostname: "shop.example.net" });
  assert.equal(short.text("etc/hosts"), "127.0.1.1 shop.example.net shop\n");
});

test("hostname: the files of the RPM family and SUSE", async (context) => {
  const tree = handMadeTree(context, {
    "etc/sysconfig/network": 'NETWORKING=yes\nHOSTNAME="web.example.org"\n',
    "etc/HOSTNAME": "web.example.org\n",
  });
  await tree.prepare("hostname", { hostname: "shop" });
  assert.equal(tree.text("etc/sysconfig/network"), 'NETWORKING=yes\nHOSTNAME="shop"\n');
  assert.equal(tree.text("etc/HOSTNAME"), "shop\n");
  assert.equal(tree.text("etc/hostname"), "shop\n");
});

test("hostname: a clone that keeps its name is told so", (context) => {
  const tree = handMadeTree(context, { "etc/hostname": "web\n" });
  assert.match(tree.plan("hostname", { identity: "reset" }).remarks.join(), /still called web/);
  assert.deepEqual(tree.plan("hostname").remarks, []);
});

test("parseNewHostname() refuses what no system can be called", () => {
  for (const name of ["", "a_b", "-a", "a-", "a..b", "a b", "x".repeat(65), "a\n", "ä"])
    assert.throws(() => parseNewHostname(name), { code: "USAGE" }, name);
  assert.equal(parseNewHostname("web2.example.org"), "web2.example.org");
});
