import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { TreeFiles } from "../build/ports.ts";

/** A kernel in a tree. Paths are those in the tree. */
export interface BootKernel {
  readonly version: string;
  readonly path: string;
  readonly initramfs?: string;
}

const plainVersion = /^[\w.+~-]{1,200}$/;

/** The kernels in `boot` that have an initramfs or none, the newest first. Names that a boot entry cannot hold are passed over. */
export function findKernels(tree: TreeFiles): BootKernel[] {
  const names = new Set<string>(tree.list("boot" as TreePath));
  const kernels: BootKernel[] = [];
  for (const name of names) {
    const version = /^vmlinu[xz]-(.+)$/.exec(name)?.[1];
    if (version === undefined || !plainVersion.test(version)) continue;
    const initramfs = [`initrd.img-${version}`, `initramfs-${version}.img`, `initrd-${version}`].find((other) =>
      names.has(other),
    );
    kernels.push({
      version,
      path: `/boot/${name}`,
      ...(initramfs !== undefined && { initramfs: `/boot/${initramfs}` }),
    });
  }
  const rescueLast = (version: string): number => (/rescue|fallback/.test(version) ? 1 : 0);
  return kernels.toSorted(
    (one, other) => rescueLast(one.version) - rescueLast(other.version) || compareVersions(other.version, one.version),
  );
}

/** Numbers in versions compare as numbers: `6.10` is newer than `6.9`. */
function compareVersions(one: string, other: string): number {
  return one.localeCompare(other, "en", { numeric: true });
}
