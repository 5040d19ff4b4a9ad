import { growingPrefix } from "../../../../journeys/clone/node/growing-index.ts";
import type { SeenSession } from "../../../../journeys/clone/node/look-at-session.ts";
import type { Paths } from "../../../settings/settings.ts";
import type { JoinSessionOptions } from "../join-session.ts";
import { readDiskProgress, type DiskProgress } from "./disk-record.ts";
import { devicesOf, type NodeDiskChoices } from "./plan-node-disks.ts";

/** What an earlier join did to the same devices. */
export interface FormerJoin {
  /** How far it came with the same image, if that is gone on with. */
  readonly former: DiskProgress | undefined;
  /** What is on the devices is its own: they may be divided anew. */
  readonly isBegun: boolean;
}

/** Looks what an earlier join left. What one brought of an earlier capture of the same session is written over. */
export async function findFormerJoin(
  paths: Paths,
  choices: NodeDiskChoices & Pick<JoinSessionOptions, "session">,
  { image }: Pick<SeenSession, "image">,
): Promise<FormerJoin> {
  const found = await readDiskProgress(paths, devicesOf(choices));
  const isSame = found?.image === image;
  const isBegun = isSame || found?.image.startsWith(growingPrefix(choices.session)) === true;
  return { former: isSame && found.isTooSmall !== true ? found : undefined, isBegun };
}
