import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { manifest } from "../../../test/golden/manifests.ts";
import { cycloneDxValidator } from "../../../test/support/cyclonedx-schema.ts";
import { holds } from "../../../test/support/properties.ts";
import type { PackageFact } from "../../core/manifest/manifest.ts";
import { makeCycloneDx } from "./cyclonedx.ts";

const validate = cycloneDxValidator();
const subject = { image: "3f1fb4557f9b".padEnd(64, "0"), name: "web", tag: "1" };

function billOf(packages: readonly PackageFact[], osRelease: Readonly<Record<string, string>> = {}): unknown {
  const { head } = manifest;
  const facts = { ...head.facts, osRelease, packages };
  return JSON.parse(JSON.stringify(makeCycloneDx(subject, { ...manifest, head: { ...head, facts } })));
}

function assertValid(bill: unknown): void {
  assert.ok(validate(bill), JSON.stringify(validate.errors?.slice(0, 3)));
}

const bash: PackageFact = {
  manager: "dpkg",
  name: "bash",
  version: "1:5.2.15-2+b7",
  architecture: "amd64",
  license: "GPL-3.0-or-later AND BSD-4-Clause-UC",
  modifiedFiles: ["etc/bash.bashrc", "etc/skel/.bashrc"],
  patches: ["CVE-2026-1"],
};

test("makeCycloneDx() writes what the published schema accepts, and marks packages that were modified", () => {
  const bill = billOf([bash, { ...bash, architecture: "i386" }], { ID: "debian", VERSION_ID: "12" });
  assertValid(bill);
  const { components } = bill as { readonly components: readonly Record<string, unknown>[] };
  assert.equal(components[0]?.["purl"], "pkg:deb/debian/bash@1:5.2.15-2%2Bb7?arch=amd64&distro=debian-12");
  assert.deepEqual(components[0]?.["properties"], [
    { name: "rehome:architecture", value: "amd64" },
    { name: "rehome:modified-file", value: "etc/bash.bashrc" },
    { name: "rehome:modified-file", value: "etc/skel/.bashrc" },
    { name: "rehome:patch", value: "CVE-2026-1" },
  ]);
});

test("the published schema refuses what is no bill of materials", () => {
  assert.equal(validate({ ...(billOf([bash]) as object), serialNumber: "urn:uuid:1" }), false);
  assert.equal(validate({ ...(billOf([bash]) as object), components: [{ name: "bash" }] }), false);
});

const texts = fc.string({ unit: "binary" });
const packages = fc.uniqueArray(
  fc.record(
    {
      manager: fc.constantFrom("dpkg" as const, "rpm" as const),
      name: texts,
      version: texts,
      architecture: texts,
      license: texts,
      modifiedFiles: fc.array(texts),
      patches: fc.array(texts),
    },
    { requiredKeys: ["manager", "name", "version", "architecture"] },
  ),
  { selector: ({ manager, name, version, architecture }) => [manager, name, version, architecture].join("\0") },
);

test("makeCycloneDx() writes what the schema accepts whatever a system says of itself", async (context) => {
  const osRelease = fc.record({ ID: texts, VERSION_ID: texts }, { requiredKeys: [] });
  await holds(
    context,
    fc.property(packages, osRelease, (found, release) => {
      assertValid(billOf(found, release));
    }),
  );
});
