import { Type } from "typebox";
import { defineConstructor, type AnyConstructor, type BuildCheckpoint } from "../checkpoint/constructor.ts";
import { runProgram } from "./run-program.ts";
import { packageName } from "./packages.ts";

const schema = Type.Object(
  {
    suite: Type.String({ pattern: "^[a-z0-9][a-z0-9.+/-]*$" }),
    variant: Type.Optional(
      Type.Union(["essential", "apt", "minbase", "buildd", "important", "standard"].map((name) => Type.Literal(name))),
    ),
    packages: Type.Optional(Type.Array(packageName)),
    components: Type.Optional(Type.Array(Type.String({ pattern: "^[a-z0-9][a-z0-9/-]*$" }))),
    arch: Type.Optional(Type.String({ pattern: "^[a-z0-9][a-z0-9-]*$" })),
    mirror: Type.Optional(
      Type.Union([Type.String({ pattern: mirrorPattern() }), Type.Array(Type.String({ pattern: mirrorPattern() }))]),
    ),
  },
  { additionalProperties: false },
);

interface Values {
  readonly suite: string;
  readonly variant?: string;
  readonly packages?: readonly string[];
  readonly components?: readonly string[];
  readonly arch?: string;
  readonly mirror?: string | readonly string[];
}

/** A URL, or a line of a sources.list. */
function mirrorPattern(): string {
  return String.raw`^(deb(-src)? (\[[^\]]*\] )?)?[a-z+]+:[^\n]+$`;
}

/** `bootstrap`: a new Debian system, or one of its kind, made of packages. */
export const bootstrap: AnyConstructor = defineConstructor<typeof schema>({
  summary: "Make a new system of packages",
  arguments: schema,
  seconds: 40,
  async check({ arch }, { programs, packages }) {
    const whyNot = [
      programs.whyNot("host"),
      ...(programs.isInstalled("mmdebstrap") ? [] : ["mmdebstrap is not installed"]),
      ...(arch === undefined ? [] : [await packages.whyNotArchitecture(arch)]),
    ];
    return whyNot.filter((why) => why !== undefined);
  },
  create: (values): BuildCheckpoint => ({
    plan: [planMmdebstrap(values, "TREE", []).join(" ")],
    async run(context) {
      const { suite, mirror } = values;
      const sources =
        mirror === undefined
          ? await context.ports.packages.aptSources(suite, context.signal)
          : typeof mirror === "string"
            ? [mirror]
            : mirror;
      for (const source of sources) context.log(`packages from ${source}`);
      await runProgram(context, { in: "host" }, planMmdebstrap(values, context.root, sources));
    },
  }),
});

/** The words that make a system at `root`; without sources mmdebstrap takes the mirrors that it knows for the suite. */
export function planMmdebstrap(
  { suite, variant, packages = [], components = [], arch }: Values,
  root: string,
  sources: readonly string[],
): readonly string[] {
  return [
    "mmdebstrap",
    "--mode=root",
    "--verbose",
    `--variant=${variant ?? "minbase"}`,
    ...(packages.length === 0 ? [] : [`--include=${packages.join(",")}`]),
    ...(components.length === 0 ? [] : [`--components=${components.join(",")}`]),
    ...(arch === undefined ? [] : [`--architectures=${arch}`]),
    "--",
    suite,
    root,
    ...sources,
  ];
}
