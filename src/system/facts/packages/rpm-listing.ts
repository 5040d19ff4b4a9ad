import type { ByteString } from "../../../core/tree/byte-string.ts";
import type { RecordedFile } from "../system-sources.ts";
import { textFromBytes } from "../text-from-bytes.ts";
import { parseRecordedPath } from "./tree-path.ts";

/** A package in an rpm database. */
export interface RpmPackage {
  readonly name: string;
  /** `EPOCH:VERSION-RELEASE`; without an epoch `VERSION-RELEASE`. */
  readonly version: string;
  readonly architecture: string;
  readonly license?: string;
  /** Seconds of 1970. */
  readonly installedSec: number;
  readonly files: readonly RecordedFile[];
}

/** What `rpm --queryformat` is given so that {@link parseRpmListing} can read its output. Names come last: they may hold tabs. */
export const rpmListingFormat: string =
  "P\\t%{INSTALLTIME}\\t%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{LICENSE}\\n" +
  "[F\\t%{FILEDIGESTS}\\t%{FILEFLAGS}\\t%{FILEVERIFYFLAGS}\\t%{FILESTATES}\\t%{LONGFILESIZES}\\t%{FILENAMES}\\n]";

/** `RPMFILE_CONFIG` and `RPMFILE_GHOST` of rpmfiles.h, `RPMVERIFY_FILEDIGEST` of rpmvf.h, `RPMFILE_STATE_NORMAL`. */
const configurationFlag = 1 << 0;
const ghostFlag = 1 << 6;
const verifyDigestFlag = 1 << 0;
const normalState = "0";

const algorithmOfLength: Readonly<Record<number, RecordedFile["algorithm"]>> = {
  32: "md5",
  40: "sha1",
  56: "sha224",
  64: "sha256",
  96: "sha384",
  128: "sha512",
};

/**
 * Reads the listing that {@link rpmListingFormat} asks for. Left out: public keys, which rpm keeps as packages, and files
 * that the package lets change (`%ghost`, `%verify(not filedigest)`), that were not installed, or that another package replaced.
 */
export function* parseRpmListing(listing: ByteString): Generator<RpmPackage> {
  let current: (RpmPackage & { readonly files: RecordedFile[] }) | undefined;
  for (let at = 0; at < listing.length;) {
    const newline = listing.indexOf("\n", at);
    const end = newline === -1 ? listing.length : newline;
    const fields = listing.slice(at, end).split("\t");
    at = end + 1;
    if (fields[0] === "P") {
      if (current !== undefined) yield current;
      current = packageOf(fields);
    } else if (fields[0] === "F" && current !== undefined) {
      const file = fileOf(fields);
      if (file !== undefined) current.files.push(file);
    }
  }
  if (current !== undefined) yield current;
}

function packageOf(fields: readonly string[]): (RpmPackage & { readonly files: RecordedFile[] }) | undefined {
  const [, installed = "", name = "", version = "", architecture = "", ...license] = fields;
  const isNamed = /^[A-Za-z0-9][A-Za-z0-9+._-]{0,199}$/.test(name) && name !== "gpg-pubkey";
  if (!isNamed || !/^[\x21-\x7e]{1,200}$/.test(version) || !/^[a-z0-9_]{1,50}$/.test(architecture)) return undefined;
  const words = textFromBytes(license.join(" ").slice(0, 4000) as ByteString);
  return {
    name,
    version,
    architecture,
    ...(words !== "" && words !== "(none)" && { license: words }),
    installedSec: /^\d{1,12}$/.test(installed) ? Number(installed) : 0,
    files: [],
  };
}

function fileOf(fields: readonly string[]): RecordedFile | undefined {
  const [, digest = "", flags, verifyFlags, state, size = "", ...name] = fields;
  const algorithm = /^[0-9a-f]+$/.test(digest) ? algorithmOfLength[digest.length] : undefined;
  const path = parseRecordedPath(name.join("\t"));
  if (algorithm === undefined || path === undefined || state !== normalState) return undefined;
  if ((Number(flags) & ghostFlag) !== 0 || (Number(verifyFlags) & verifyDigestFlag) === 0) return undefined;
  return {
    path,
    algorithm,
    digest,
    ...(/^\d{1,15}$/.test(size) && { sizeBytes: Number(size) }),
    always: (Number(flags) & configurationFlag) !== 0,
  };
}
