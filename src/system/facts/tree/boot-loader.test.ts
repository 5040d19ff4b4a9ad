import assert from "node:assert/strict";
import { test } from "node:test";
import { bootTracePaths, chooseBootLoader } from "./boot-loader.ts";

test("chooseBootLoader() finds GRUB for both firmwares, also beside boot entries of systemd", () => {
  const present = new Set([
    "boot/grub/grub.cfg",
    "boot/grub/i386-pc",
    "boot/grub/x86_64-efi",
    "boot/loader/loader.conf",
  ]);
  assert.deepEqual(chooseBootLoader(present), { kind: "grub", firmware: ["bios", "uefi"] });
});

test("chooseBootLoader() finds systemd-boot, extlinux and what it does not know", () => {
  const choose = (path: string): unknown => chooseBootLoader(new Set([path]));
  assert.deepEqual(choose("efi/EFI/systemd"), { kind: "systemd-boot", firmware: ["uefi"] });
  assert.deepEqual(choose("boot/extlinux/extlinux.conf"), { kind: "extlinux", firmware: [] });
  assert.deepEqual(choose("boot/efi/EFI"), { kind: "unknown", firmware: ["uefi"] });
  assert.equal(chooseBootLoader(new Set()), undefined);
});

test("bootTracePaths are paths from the root, each once", () => {
  assert.equal(new Set(bootTracePaths).size, bootTracePaths.length);
  assert.ok(bootTracePaths.every((path) => /^[a-z]/.test(path)));
});
