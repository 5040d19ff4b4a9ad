import { containedPrograms } from "../../host/build/contained-programs.ts";
import { localFiles } from "../../host/build/local-files.ts";
import { hostPackageSources } from "../../host/build/package-sources.ts";
import { parseImageOperand } from "../../core/operand.ts";
import { listImageNames, removeName, type ImageName } from "../../image/store/image-names.ts";
import type { BuildPorts, Images, StoredImage } from "../../journeys/build/index.ts";
import { captureAsPlanned, planCaptureOf } from "../capture/capture.ts";
import { storeOf } from "../images/images.ts";
import { disksOf } from "./build-disks.ts";
import { prepare } from "../prepare/prepare.ts";
import { restore } from "../restore/restore.ts";
import type { Paths } from "../settings/settings.ts";
import { openStore, storePath } from "../store/store.ts";

/** What checkpoints of a build may use on this host; `store` is where images are where none is named. */
export function buildPorts(store: string, paths: Paths): BuildPorts {
  return {
    programs: containedPrograms,
    files: localFiles(containedPrograms),
    packages: hostPackageSources,
    images: imagesOf(store, paths),
    disks: disksOf(paths),
    async prepare(root, choices, work) {
      const { operations } = await prepare(root, { ...choices, ...work, paths });
      return operations.flatMap(({ name, done }) => (done.length === 0 ? [] : [`${name}: ${done.length} changes`]));
    },
  };
}

function imagesOf(standard: string, paths: Paths): Images {
  const storedAs = ({ image, name, tag }: ImageName, store: string): StoredImage => ({ id: image, name, tag, store });
  return {
    async find(text, named) {
      const operand = parseImageOperand(text);
      const place = storeOf(operand, { store: named ?? standard, paths });
      using store = await openStore(place);
      await using opened = await store.openImage(operand, "build from it");
      return storedAs(opened.name, storePath(place));
    },
    async restore({ id, store }, directory, work) {
      await restore(`@${id}`, directory, { ...work, store, paths });
    },
    async capture(directory, { name, store: named, excludes, publishing }, work) {
      const store = storePath({ store: named ?? standard, paths });
      const options = { ...work, name, excludes, store, paths };
      const planned = await planCaptureOf(`${directory}/`, options);
      const made = await captureAsPlanned(planned, options, {
        runningHooks: async () => undefined,
        publishing: (image) => publishing(image, store),
      });
      return storedAs(made.name, store);
    },
    async findPublished(id, place) {
      using store = await openStore({ store: place, paths });
      const name = (await listImageNames(store.blobs)).find(({ image }) => image === id);
      return name && storedAs(name, place);
    },
    async remove(id, place) {
      using store = await openStore({ store: place, paths });
      for (const name of await listImageNames(store.blobs)) if (name.image === id) await removeName(store.blobs, name);
    },
  };
}
