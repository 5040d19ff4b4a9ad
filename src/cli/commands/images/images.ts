import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import type { ImageName } from "../../../image/store/image-names.ts";
import { listImages } from "../../../library/images/images.ts";
import type { CommandContext } from "../../command-context.ts";
import type { ImagesCall } from "../../definition/index.ts";
import { formatBytes, formatCount } from "../../render/quantities.ts";
import { formatTable, type Column } from "../../render/table.ts";
import { formatIsoTime } from "../../render/time.ts";
import { shortId } from "../image-label.ts";

const columns: readonly Column<ImageName>[] = [
  { title: "NAME", cell: ({ name }) => name, cuttable: true },
  { title: "TAG", cell: ({ tag }) => tag, cuttable: true },
  { title: "ID", cell: ({ image }) => shortId(image) },
  { title: "CAPTURED", cell: ({ capturedAt }) => formatIsoTime(capturedAt) },
  { title: "KIND", cell: ({ kind }) => kind, dispensable: 1 },
  { title: "CONSISTENCY", cell: ({ consistency }) => consistency, dispensable: 2 },
  { title: "FILES", cell: ({ files }) => formatCount(files), align: "right" },
  { title: "SIZE", cell: ({ bytes }) => formatBytes(bytes), align: "right" },
  { title: "NEW", cell: ({ newBytes }) => formatBytes(newBytes), align: "right", dispensable: 3 },
  { title: "STORED", cell: ({ storedBytes }) => formatBytes(storedBytes), align: "right" },
];

/** `rehome images`. */
export async function runImages(
  call: ImagesCall,
  { common, store, output, messages }: CommandContext,
): Promise<ExitStatus> {
  const all = await listImages(store);
  const images = call.name === undefined ? all : all.filter(({ name }) => name === call.name);
  if (common.json) output.document({ images: images.map(({ image, ...rest }) => ({ id: image, ...rest })) });
  else if (images.length === 0)
    messages.remark(call.name === undefined ? "the store holds no images" : `no image is called ${call.name}`);
  else output.lines(formatTable(columns, images, output.width));
  return exitStatus.done;
}
