import { RehomeError } from "../../../core/errors.ts";
import type { Patch } from "../../../core/inventory/inventory.ts";
import { isSetting, type Setting } from "../settings/unit-file.ts";
import { boolean, DecodeError, integer, list, object, oneOf, text, textMap, type Decode } from "./decode.ts";
import type { DetachedManifest, DeviceNode, MachineConfiguration } from "./detached-manifest.ts";

/** A manifest may have so many bytes. */
export const maxManifestBytes: number = 32 << 20;

/** What was given as a manifest of a detached machine is none, or one of a later version. */
export class ManifestInvalidError extends RehomeError {
  override readonly name = "ManifestInvalidError";
  readonly code = "MANIFEST_INVALID";

  constructor(source: string, what: string, options?: ErrorOptions) {
    super(
      `cannot use the manifest ${source}: ${what}`,
      "Detach the machine again with this version of rehome, or remove the manifest to have it rebuilt from the tree.",
      options,
    );
  }
}

/** A name that a machine may have: what systemd takes for one, without a leading dot. */
export const machineNamePattern: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const hex32 = text(/^[0-9a-f]{32}$/);
const printable = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u;
const word = text(/^[\x21-\x7e]{1,256}$/);
const id = integer(0, 2 ** 32 - 2);

const packageName = text(/^[A-Za-z0-9_][A-Za-z0-9+._-]{0,199}$/);
const version = text(/^[\x21-\x7e]{1,200}$/);

const patch = object<Pick<Patch, "kind" | "id">, Required<Pick<Patch, "content">>>(
  { kind: oneOf("patch", "live-patch", "diversion", "modified-file"), id: text(printable) },
  { content: text(printable) },
);

const setting: Decode<Setting> = (value, at) => {
  const read = object<Setting>({ section: text(printable), key: text(printable), value: text(printable, 16_384) })(
    value,
    at,
  );
  if (isSetting(read)) return read;
  throw new DecodeError(`${at} is no setting`);
};

const configuration = object<MachineConfiguration>({
  nspawn: list(setting, 4000),
  dropIns: list(object({ name: text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,100}\.conf$/), settings: list(setting, 1000) }), 50),
  autostart: boolean,
});

const device = object<DeviceNode>({
  path: text(/^[^\p{Cc}\p{Cs}]{1,4096}$/u),
  kind: oneOf("character", "block"),
  major: integer(0, 2 ** 32 - 1),
  minor: integer(0, 2 ** 32 - 1),
  mode: integer(0, 0o7777),
  uid: id,
  gid: id,
});

const manifest: Decode<DetachedManifest> = object<DetachedManifest>({
  formatVersion: oneOf(1),
  detachedAt: text(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/),
  writtenBy: text(printable, 200),
  isRebuilt: boolean,
  machine: object(
    { name: text(machineNamePattern), uuid: hex32, epoch: integer(0, 2 ** 48), site: hex32, bytes: integer(0) },
    {
      image: text(printable, 300),
      architecture: word,
      uidRange: object({ start: id, count: integer(1, 2 ** 32 - 1) }),
      consistency: oneOf("fuzzy", "crash", "filesystem", "application"),
    },
  ),
  configuration,
  software: object({
    packages: list(
      object({
        manager: oneOf("dpkg", "rpm", "apk", "svr4"),
        name: packageName,
        version,
        architecture: text(/^[A-Za-z0-9._,-]{0,50}$/),
        patches: list(patch, 10_000),
      }),
      100_000,
    ),
    livePatches: list(patch, 1000),
  }),
  host: object(
    { name: text(printable, 255) },
    {
      osRelease: textMap(/^[A-Z][A-Z0-9_]{0,63}$/, text(printable), 100),
      architecture: word,
      cpuLevel: word,
      kernelRelease: word,
      systemdVersion: integer(1, 100_000),
    },
  ),
  devices: list(device, 100_000),
});

/**
 * Reads a manifest of which nothing is trusted: every text is bounded and free of control characters, every number in
 * its range; what a later version may add is passed over.
 *
 * @throws {ManifestInvalidError}
 */
export function parseDetached(json: string, source: string): DetachedManifest {
  if (json.length > maxManifestBytes) throw new ManifestInvalidError(source, "it is too large");
  try {
    const value: unknown = JSON.parse(json);
    const found = (value as { formatVersion?: unknown } | null)?.formatVersion;
    if (typeof found === "number" && found > 1)
      throw new ManifestInvalidError(source, `its version is ${found}, and 1 is the newest known here`);
    return manifest(value, "it");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ManifestInvalidError(source, error instanceof DecodeError ? error.message : "it is no JSON", {
      cause: error,
    });
  }
}

/** Writes a manifest for a file. */
export function formatDetached(detached: DetachedManifest): string {
  return `${JSON.stringify(detached, undefined, 1)}\n`;
}
