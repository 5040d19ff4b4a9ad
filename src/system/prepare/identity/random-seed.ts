import type { Change, Operation } from "../operation.ts";
import { at, removals, kindOf } from "../text/tree-paths.ts";

const seedPaths = [
  "var/lib/systemd/random-seed",
  "var/lib/urandom/random-seed",
  "var/lib/random-seed",
  "var/lib/misc/random-seed",
  "boot/loader/random-seed",
  "boot/efi/loader/random-seed",
  "efi/loader/random-seed",
];
const seedBytes = 512;
const secretPath = at("var/lib/systemd/credential.secret");

/** Random seeds and the secret that credentials are sealed with: shared between clones, both would be no secrets. */
export const randomSeed: Operation<"random-seed"> = {
  name: "random-seed",
  summary: "random seeds, and the secret of systemd credentials",
  policies: ["reset"],
  examine(tree, { fresh }) {
    const found = seedPaths.map(at).filter((path) => kindOf(tree, path) === "file");
    const seeds: Change[] =
      fresh === "now"
        ? found.map((path) => {
            const content = { fresh: "bytes", sizeBytes: seedBytes } as const;
            return { kind: "write", path, content, what: "new random bytes", mode: 0o600 };
          })
        : removals(tree, found, "the system makes its own");
    const secret = removals(tree, [secretPath], "systemd makes its own");
    const sealed =
      tree.list(at("etc/credstore.encrypted")).length + tree.list(at("var/lib/credstore.encrypted")).length;
    const remarks =
      secret.length > 0 && sealed > 0
        ? [
            `${sealed} encrypted credentials were sealed with the old secret and must be made again, unless a TPM alone sealed them`,
          ]
        : [];
    return { changes: [...seeds, ...secret], remarks };
  },
};
