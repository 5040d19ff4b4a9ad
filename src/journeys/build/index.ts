/**
 * Builds: systems made by named checkpoints that a manifest lists.
 *
 * 1. The manifest is read with all that it includes, and held against its schema (`manifest/`).
 * 2. Each checkpoint is registered: its constructor found, variables put in, arguments held against the constructor's schema, what
 *    it reads hashed (`register/`). Everything that is wrong is told at once, and nothing has run.
 * 3. What of an earlier build still holds is decided (`plan.ts`): a build begins at any checkpoint before which nothing changed.
 * 4. The build runs as a job (`run/`): the exact state before the checkpoint, the checkpoint, the state after it kept as an image.
 * 5. What checkpoints may use is in `ports.ts`; those that every build has are in `builtin/`.
 */
export { emptyRecord, isAreaRecord, type AreaRecord } from "./area-record.ts";
export type { BuildCheckpoint, BuildContext, CheckpointConstructor, DataObjects } from "./checkpoint/constructor.ts";
export { BuildBusyError, BuildInvalidError, BuildNotResumableError, BuildRegistrationError } from "./errors.ts";
export { loadManifest, type CheckpointOrder, type LoadedManifest } from "./manifest/load-manifest.ts";
export { manifestSchema } from "./manifest/manifest-schema.ts";
export { formatPath, type Problem } from "./manifest/problem.ts";
export { chooseVariables, type Variables } from "./manifest/variables.ts";
export { lastResumable, planResume, type Resumability } from "./plan.ts";
export type { BuildArea, BuildPorts, Disks, Images, StoredImage } from "./ports.ts";
export { registerCheckpoint, type Registered } from "./register/register-checkpoint.ts";
export { planOf, type BuildPlan } from "./run/build-plan.ts";
