import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { paths } from "../../../../test/support/arbitrary.ts";
import { holds } from "../../../../test/support/properties.ts";
import type { SecretKind } from "../../../core/manifest/manifest.ts";
import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import { baseName, parentPath } from "../../../core/tree/walk-order.ts";
import { pathRules } from "./path-rules.ts";
import { recognisePaths } from "./recognise-path.ts";

const recognise = (path: string): SecretKind | undefined =>
  recognisePaths()(parentPath(path as TreePath), baseName(path as TreePath));

const secret: Readonly<Record<SecretKind, readonly string[]>> = {
  "password-hashes": ["etc/shadow", "etc/shadow-", "etc/gshadow", "var/backups/shadow.bak", "etc/security/opasswd"],
  "private-key": [
    "etc/ssh/ssh_host_rsa_key",
    "etc/ssh/ssh_host_ed25519_key",
    "root/.ssh/id_ed25519",
    "home/ada/.ssh/id_rsa",
    "home/ada/.ssh/id_work.old",
    "etc/ssl/private/ssl-cert-snakeoil.key",
    "etc/ssl/private/deeper/site.pem",
    "etc/letsencrypt/archive/example.org/privkey3.pem",
    "etc/letsencrypt/accounts/server/directory/0f/private_key.json",
    "etc/wireguard/wg0.conf",
    "etc/krb5.keytab",
    "var/lib/systemd/credential.secret",
    "root/.gnupg/private-keys-v1.d/0123.key",
    "etc/openvpn/server/server.key",
  ],
  credentials: [
    ".netrc",
    "root/.aws/credentials",
    "home/ada/.docker/config.json",
    "home/ada/.kube/config",
    "home/ada/.git-credentials",
    "var/lib/postgresql/.pgpass",
    "etc/NetworkManager/system-connections/Office.nmconnection",
    "etc/mysql/debian.cnf",
  ],
  token: [],
};

test("recognisePaths() knows where systems keep their secrets, in a system within a system too", () => {
  for (const [kind, known] of Object.entries(secret))
    for (const path of known) {
      assert.equal(recognise(path), kind, path);
      assert.equal(recognise(`var/lib/machines/web/${path}`), kind, path);
    }
});

test("recognisePaths() leaves alone what only looks like one", () => {
  for (const path of [
    "etc/machine-id",
    "etc/passwd",
    "etc/shadow.old/readme",
    "etc/shadow\n",
    "xetc/shadow",
    "etc/shadowy",
    "etc/ssh/ssh_host_rsa_key.pub",
    "etc/ssh/sshd_config",
    "etc/ssh/xssh_host_rsa_key",
    "root/.ssh/id_ed25519.pub",
    "root/.ssh/authorized_keys",
    "root/.ssh/known_hosts",
    "root/x.ssh/id_rsa",
    "etc/ssl/certs/ca.pem",
    "etc/ssl/privately/x",
    "etc/letsencrypt/live/example.org/fullchain.pem",
    "usr/share/doc/etc-shadow",
    "home/ada/aws/credentials",
    "home/ada/.docker/config.json.d/x",
    "netrc",
    "constructor",
    "__proto__",
    "home/toString",
    "",
  ])
    assert.equal(recognise(path), undefined, JSON.stringify(path));
});

test("recognisePaths() takes names of any bytes", () => {
  assert.equal(recognise("etc/ssh/ssh_host_\n\xff\x1b_key"), "private-key");
  assert.equal(recognise("root/.ssh/id_\n.pub\n"), "private-key");
  assert.equal(recognise("etc/ssl/private/\n"), "private-key");
  assert.equal(recognise("h\xff\n/.ssh/id_rsa"), "private-key");
});

test("recognisePaths() says the same of a path whatever it was asked before", async (context) => {
  const known = Object.values(secret).flat() as TreePath[];
  const asked = fc.array(fc.oneof(fc.constantFrom(...known), paths), { maxLength: 30 });
  await holds(
    context,
    fc.property(asked, (all) => {
      const one = recognisePaths();
      for (const path of all) assert.equal(one(parentPath(path), baseName(path)), recognise(path), path);
    }),
    300,
  );
});

test("recognisePaths() is not made slow by the longest of paths", () => {
  const begin = performance.now();
  for (const { directories } of pathRules)
    for (const directory of directories) {
      const path = `${directory}/`.repeat(Math.floor(60_000 / (directory.length + 1))) as TreePath;
      recognisePaths()(`${path}x` as TreePath, "privkey".repeat(580) as ByteString);
    }
  assert.ok(performance.now() - begin < 2000);
});
