import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import type { Manifest, PackageFact } from "../../../core/manifest/manifest.ts";
import { billOfMaterials } from "../../../library/images/exchange.ts";
import { showImage } from "../../../library/images/images.ts";
import type { CommandContext } from "../../command-context.ts";
import type { ShowCall } from "../../definition/index.ts";
import { formatCount } from "../../render/quantities.ts";
import { formatTable, type Column } from "../../render/table.ts";
import { labelOf } from "../image-label.ts";
import { secretColumns } from "../secrets.ts";
import { describeImage } from "./describe-image.ts";

const packageColumns: readonly Column<PackageFact>[] = [
  { title: "NAME", cell: ({ name }) => name, cuttable: true },
  { title: "VERSION", cell: ({ version }) => version, cuttable: true },
  { title: "ARCHITECTURE", cell: ({ architecture }) => architecture },
  {
    title: "MODIFIED",
    cell: ({ modifiedFiles }) => (modifiedFiles?.length ? formatCount(modifiedFiles.length) : ""),
    align: "right",
  },
  { title: "LICENCE", cell: ({ license }) => license ?? "", cuttable: true },
];

interface LicenseCount {
  readonly license: string | null;
  readonly packages: number;
}

const licenseColumns: readonly Column<LicenseCount>[] = [
  { title: "PACKAGES", cell: ({ packages }) => formatCount(packages), align: "right" },
  { title: "LICENCE", cell: ({ license }) => license ?? "(the tree does not tell)", cuttable: true },
];

/** `rehome show`. */
export async function runShow(
  call: ShowCall,
  { common, store, output, messages }: CommandContext,
): Promise<ExitStatus> {
  if (call.format === "cyclonedx") {
    output.document(await billOfMaterials(call.image, store));
    return exitStatus.done;
  }
  const { name, manifest, signatures } = await showImage(call.image, store);
  const { packages } = manifest.head.facts;
  const licenses = countLicenses(packages);
  if (common.json) {
    const chosen = {
      ...(call.packages && { packages }),
      ...(call.licenses && { licenses }),
      ...(call.secrets && { secrets: manifest.tail.secrets ?? null }),
    };
    const choosesParts = call.packages || call.licenses || call.secrets;
    output.document({ ...labelOf(name), ...(choosesParts ? chosen : { signatures, manifest }) });
    return exitStatus.done;
  }
  if (!call.packages && !call.licenses && !call.secrets)
    output.lines(describeImage(name, manifest, signatures, output.width));
  if (call.secrets) showSecrets(manifest, output, messages);
  if ((call.packages || call.licenses) && packages.length === 0)
    messages.remark("the image has no packages that its tree tells of");
  if (call.packages && packages.length > 0) output.lines(formatTable(packageColumns, packages, output.width));
  if (call.packages && call.licenses) output.line("");
  if (call.licenses && packages.length > 0) output.lines(formatTable(licenseColumns, licenses, output.width));
  return exitStatus.done;
}

function showSecrets(
  { tail: { secrets } }: Manifest,
  output: CommandContext["output"],
  messages: CommandContext["messages"],
): void {
  if (secrets === undefined) messages.remark("the capture did not look for secrets");
  else if (secrets.count === 0) messages.remark("no file is known to hold secrets");
  else {
    output.lines(formatTable(secretColumns, secrets.files, output.width));
    const leftOut = secrets.contents === "left-out";
    messages.remark(leftOut ? "their contents are not in the image" : "their contents are in the image");
    if (secrets.count > secrets.files.length)
      messages.remark(`and ${formatCount(secrets.count - secrets.files.length)} more`);
  }
}

/** How many packages have each licence, the most frequent first; null stands for packages whose licence the tree does not tell. */
export function countLicenses(packages: readonly Pick<PackageFact, "license">[]): LicenseCount[] {
  const counts = new Map<string | null, number>();
  for (const { license = null } of packages) counts.set(license, (counts.get(license) ?? 0) + 1);
  return [...counts]
    .map(([license, count]) => ({ license, packages: count }))
    .toSorted((a, b) => b.packages - a.packages || ((a.license ?? "") < (b.license ?? "") ? -1 : 1));
}
