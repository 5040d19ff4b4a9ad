import { cloneJoin } from "../../src/index.ts";
import { DownstreamLink } from "../../src/journeys/clone/link/downstream-link.ts";
import { FrameBytes } from "../../src/journeys/clone/link/frame-bytes.ts";

/** A node of a chain that changes one byte of every third block that it passes on. Called with the options of a join, as JSON. */
const { directory, options } = JSON.parse(process.argv[2] ?? "") as {
  readonly directory: string;
  readonly options: Parameters<typeof cloneJoin>[1];
};

const send = Reflect.get<DownstreamLink, "send">(DownstreamLink.prototype, "send");
Reflect.set(
  DownstreamLink.prototype,
  "send",
  function evil(this: DownstreamLink, frame: number, coming: Promise<FrameBytes | undefined>) {
    send.call(this, frame, frame % 3 === 1 ? coming.then(spoil) : coming);
  },
);

async function spoil(frame: FrameBytes | undefined): Promise<FrameBytes | undefined> {
  if (frame === undefined) return undefined;
  for (let isWhole = frame.isWhole; !isWhole; isWhole = frame.isWhole)
    await new Promise((resolve) => void setTimeout(resolve, 5));
  const bytes = Buffer.from(frame.bytes);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return FrameBytes.whole(frame.header, bytes);
}

await cloneJoin(directory, options);
