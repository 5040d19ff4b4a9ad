import { Type, type TString } from "typebox";
import { defineConstructor, type AnyConstructor, type BuildCheckpoint } from "../checkpoint/constructor.ts";
import { WrongTreeError } from "../errors.ts";
import { runProgram } from "./run-program.ts";

/** A package, perhaps with an architecture, a version or a release: never an option. */
export const packageName: TString = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9.+:~=/_^@-]*$" });

const schema = Type.Object(
  {
    install: Type.Optional(Type.Array(packageName)),
    remove: Type.Optional(Type.Array(packageName)),
    upgrade: Type.Optional(Type.Boolean()),
    recommends: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, minProperties: 1 },
);

interface Values {
  readonly install?: readonly string[];
  readonly remove?: readonly string[];
  readonly upgrade?: boolean;
  readonly recommends?: boolean;
}

/** Tools for packages, by the program that a tree has. */
const tools = [
  { path: "/usr/bin/apt-get", plan: planApt },
  { path: "/usr/bin/dnf", plan: planDnf },
] as const;

/** `packages`: installs, removes and upgrades packages by the tree's own tool, which runs in a sandbox with the network. */
export const packages: AnyConstructor = defineConstructor<typeof schema>({
  summary: "Install and remove packages",
  arguments: schema,
  seconds: 20,
  check: async (_, { programs }) => [programs.whyNot("tree")].filter((why) => why !== undefined),
  create: (values): BuildCheckpoint => ({
    plan: planApt(values).map((argv) => argv.join(" ")),
    async run(context) {
      const tool = tools.find(({ path }) => context.ports.files.isInTree(context.root, path));
      if (tool === undefined)
        throw new WrongTreeError(`the tree has no tool for packages (${tools.map(({ path }) => path).join(", ")})`);
      for (const argv of tool.plan(values))
        await runProgram(context, { in: "tree", hasNetwork: true }, argv, { DEBIAN_FRONTEND: "noninteractive" });
    },
  }),
});

/** What apt-get is to do, command by command. */
export function planApt({ install = [], remove = [], upgrade = false, recommends = false }: Values): string[][] {
  const apt = [
    "/usr/bin/apt-get",
    "--assume-yes",
    "--option=Dpkg::Use-Pty=0",
    // Files of the configuration that the build has changed stay as they are.
    "--option=Dpkg::Options::=--force-confdef",
    "--option=Dpkg::Options::=--force-confold",
    ...(recommends ? [] : ["--no-install-recommends"]),
  ];
  return [
    [...apt, "update"],
    ...(upgrade ? [[...apt, "dist-upgrade"]] : []),
    ...(install.length > 0 ? [[...apt, "install", "--", ...install]] : []),
    ...(remove.length > 0 ? [[...apt, "purge", "--autoremove", "--", ...remove]] : []),
    [...apt, "clean"],
  ];
}

/** What dnf is to do, command by command. */
export function planDnf({ install = [], remove = [], upgrade = false, recommends = false }: Values): string[][] {
  const dnf = ["/usr/bin/dnf", "--assumeyes", `--setopt=install_weak_deps=${recommends}`];
  return [
    ...(upgrade ? [[...dnf, "upgrade"]] : []),
    ...(install.length > 0 ? [[...dnf, "install", ...install]] : []),
    ...(remove.length > 0 ? [[...dnf, "remove", ...remove]] : []),
    [...dnf, "clean", "all"],
  ];
}
