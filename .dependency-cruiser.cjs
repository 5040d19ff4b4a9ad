/**
 * The borders between the rooms of src (docs/architecture.md). Tests may import anything, so they are not cruised.
 *
 * The parser is swc: dependency-cruiser has no parser of its own that knows TypeScript 7, and without one it would find
 * no modules and report success. scripts/check-borders.ts counts the modules for that reason. swc does not tell imports
 * of types from imports of values; the border that depends on it (host takes only types of the rooms above) is held by
 * .oxlintrc.json.
 */

const room = (names) => `^src/(${names})/`;

/** Forbids `from` every module of src and every package but those that match one of `allowed`. */
const only = (name, comment, from, allowed) => ({
  name,
  comment,
  severity: "error",
  from: { path: from },
  to: { pathNot: allowed },
});

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "No module imports itself in the end.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-unresolved",
      comment: "Every import is found.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-undeclared-packages",
      comment: "The program imports only packages that its users get: dependencies, not devDependencies.",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
    },
    only("core-is-pure", "core imports nothing but core, and the package ignore.", room("core"), [
      room("core"),
      "^node_modules/ignore/",
    ]),
    {
      name: "image-and-engine-know-core-only",
      comment: "The vault and the clock rest on core alone.",
      severity: "error",
      from: { path: room("image|engine") },
      to: { path: "^src/", pathNot: [room("core"), "^src/$1/"] },
    },
    {
      name: "system-does-not-know-the-ground",
      comment: "system imports core, image and engine; the ground is given to it through ports.",
      severity: "error",
      from: { path: room("system") },
      to: { path: "^src/", pathNot: [room("core|image|engine|system")] },
    },
    {
      name: "stages-of-system-do-not-know-each-other",
      comment: "Each folder of system is one stage; what joins two stages is a journey. system/tree is shared ground.",
      severity: "error",
      from: { path: "^src/system/([^/]+)/" },
      to: { path: "^src/system/", pathNot: ["^src/system/$1/", "^src/system/tree/"] },
    },
    {
      name: "host-implements-ports",
      comment: "host imports core and (types only, held by oxlint) the ports of the rooms above.",
      severity: "error",
      from: { path: room("host") },
      to: { path: "^src/", pathNot: [room("core|image|engine|system|journeys|host")] },
    },
    {
      name: "workers-wire-below-the-journeys",
      comment: "Worker threads are composition roots of core, image, system and host.",
      severity: "error",
      from: { path: room("workers") },
      to: { path: "^src/", pathNot: [room("core|image|system|host|workers")] },
    },
    {
      name: "journeys-do-not-know-the-ground",
      comment: "Journeys join steps of system; the ground is given to them through ports.",
      severity: "error",
      from: { path: room("journeys") },
      to: { path: "^src/", pathNot: [room("core|image|engine|system|journeys")] },
    },
    {
      name: "journeys-do-not-know-each-other",
      comment: "Each folder of journeys is one journey.",
      severity: "error",
      from: { path: "^src/journeys/([^/]+)/" },
      to: { path: "^src/journeys/", pathNot: ["^src/journeys/$1/"] },
    },
    // There are no exceptions; one that has to be is listed here, with why.
    only(
      "built-in-checkpoints-see-their-context",
      "Built-in checkpoints of builds have what a user's have: the context with its ports, and schemas for their arguments.",
      "^src/journeys/build/builtin/",
      [
        "^src/core/",
        "^src/journeys/build/builtin/",
        "^src/journeys/build/checkpoint/constructor\\.ts$",
        "^src/journeys/build/(errors|ports)\\.ts$",
        "^node_modules/typebox/",
      ],
    ),
    {
      name: "nobody-imports-cli",
      comment: "cli is a door: it opens inwards only.",
      severity: "error",
      from: { path: "^src/", pathNot: [room("cli")] },
      to: { path: room("cli") },
    },
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    exclude: { path: "\\.(test|contract)\\.ts$" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      extensions: [".ts", ".js"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
