import { parseImageOperand } from "../../../core/operand.ts";
import { SessionExistsError } from "../../../journeys/clone/errors.ts";
import { planFrames } from "../../../journeys/clone/golden/plan-frames.ts";
import { storeOf } from "../../images/images.ts";
import { choosePaths } from "../../settings/settings.ts";
import { openStore } from "../../store/store.ts";
import { orderedImage } from "./disk-order.ts";
import { runSession } from "./run-session.ts";
import type { CloneServeOptions, CloneServeResult, ServedSession } from "./serve-options.ts";
import { openSessionState } from "./session-place.ts";

/**
 * Serves an image to the nodes that join, until each has a verdict or is given up. The loss of a node never ends it; when it is
 * itself lost, the same call goes on with the session.
 *
 * @param onServing Called once nodes can join.
 * @throws {ImageNotFoundError} @throws {SessionExistsError} If a session of that name serves another image.
 */
export async function cloneServe(
  served: string,
  options: CloneServeOptions,
  onServing: (session: ServedSession) => void = () => undefined,
): Promise<CloneServeResult> {
  const operand = parseImageOperand(served);
  const { stateDirectory } = options.paths ?? choosePaths();
  using store = await openStore(storeOf(operand, options));
  await using opened = await store.openImage(operand, `serve session ${options.session}`);
  const { state, resumed } = openSessionState(stateDirectory, options.session, opened.name.image);
  if (state.isGrowing || state.image !== opened.name.image) throw new SessionExistsError(options.session, state.image);
  const image = orderedImage(opened.manifest, store.chunks);
  const planned = await planFrames(store, opened.name.image, opened.manifest);
  return await runSession(
    { store, state, planned, resumed, ordered: () => Promise.resolve(image) },
    options,
    onServing,
  );
}
