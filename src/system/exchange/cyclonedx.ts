import type { Manifest, PackageFact } from "../../core/manifest/manifest.ts";

/** What names an image in a bill of materials. */
export interface BomSubject {
  readonly image: string;
  readonly name: string;
  readonly tag: string;
}

/**
 * What is installed in an image as a software bill of materials: CycloneDX 1.6, JSON. Packages whose files were changed on the
 * system are marked by the property `rehome:modified-file`, once for each file.
 */
export function makeCycloneDx({ image, name, tag }: BomSubject, manifest: Manifest): object {
  const { capturedAt, writtenBy, facts } = manifest.head;
  const { osRelease = {} } = facts;
  const [, version = "0"] = writtenBy.split(" ");
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(image)}`,
    version: 1,
    metadata: {
      timestamp: capturedAt,
      tools: { components: [{ type: "application", name: "rehome", version }] },
      component: {
        type: "operating-system",
        "bom-ref": `image:${image}`,
        name: osRelease["ID"] ?? name,
        version: osRelease["VERSION_ID"] ?? "unknown",
        properties: [
          { name: "rehome:image", value: image },
          { name: "rehome:name", value: `${name}:${tag}` },
        ],
      },
    },
    components: facts.packages.map((each) => componentOf(each, osRelease["ID"], osRelease["VERSION_ID"])),
  };
}

function componentOf(each: PackageFact, distribution: string | undefined, release: string | undefined): object {
  const { name, version, architecture, license, modifiedFiles = [], patches = [] } = each;
  const purl = packageUrl(each, distribution, release);
  const properties = [
    { name: "rehome:architecture", value: architecture },
    ...modifiedFiles.map((value) => ({ name: "rehome:modified-file", value })),
    ...patches.map((value) => ({ name: "rehome:patch", value })),
  ];
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    ...(license !== undefined && { licenses: [{ license: { name: license } }] }),
    properties,
  };
}

/** As the package-url specification has it: `pkg:deb/debian/bash@5.2.15-2?arch=amd64&distro=debian-12`. */
function packageUrl(
  { manager, name, version, architecture }: PackageFact,
  distribution = "linux",
  release?: string,
): string {
  const type = manager === "dpkg" ? "deb" : manager;
  const part = (text: string): string => encodeURIComponent(text).replaceAll("%3A", ":");
  const distro = release === undefined ? "" : `&distro=${part(`${distribution}-${release}`)}`;
  return `pkg:${type}/${part(distribution)}/${part(name)}@${part(version)}?arch=${part(architecture)}${distro}`;
}

/** A UUID (RFC 9562, version 8) made of the image's id: the same image has the same bill. */
function uuidOf(image: string): string {
  const digits = `${image.slice(0, 12)}8${image.slice(13, 16)}8${image.slice(17, 32)}`;
  return [0, 8, 12, 16, 20].map((from, index, all) => digits.slice(from, all[index + 1] ?? 32)).join("-");
}
