import { Type } from "typebox";
import {
  defineConstructor,
  type AnyConstructor,
  type BuildCheckpoint,
  type BuildContext,
} from "../checkpoint/constructor.ts";
import { runProgram } from "./run-program.ts";

const variable = "^[A-Za-z_][A-Za-z0-9_]*$";
const schema = Type.Object(
  {
    script: Type.Optional(Type.String({ minLength: 1, maxLength: 100_000 })),
    file: Type.Optional(Type.String({ minLength: 1 })),
    args: Type.Optional(Type.Array(Type.String())),
    env: Type.Optional(
      Type.Record(Type.String({ pattern: variable }), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
        additionalProperties: false,
      }),
    ),
    shell: Type.Optional(Type.String({ pattern: "^/[^\\0\\n]+$" })),
    in: Type.Optional(Type.Union([Type.Literal("host"), Type.Literal("tree")])),
    network: Type.Optional(Type.Boolean()),
  },
  {
    additionalProperties: false,
    oneOf: [{ required: ["script"] }, { required: ["file"] }],
  },
);

interface Values {
  readonly script?: string;
  readonly file?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | number | boolean>>;
  readonly shell?: string;
  readonly in?: "host" | "tree";
  readonly network?: boolean;
}

/** `custom-script`: runs a script of the user's in a shell, on this host beside the tree or inside the tree. */
export const customScript: AnyConstructor = defineConstructor<typeof schema>({
  summary: "Run a script",
  arguments: schema,
  pathArguments: ["file"],
  verbatimArguments: ["script"],
  seconds: 5,
  async check(values, { programs }) {
    const isInTree = values.in === "tree";
    return [
      programs.whyNot(isInTree ? "tree" : "host"),
      ...(isInTree && values.file !== undefined ? ['a script in the tree is given inline, as "script"'] : []),
      ...(!isInTree && values.network !== undefined ? ['"network" goes with "in: tree"'] : []),
    ].filter((why) => why !== undefined);
  },
  create: (values): BuildCheckpoint => ({
    plan: [`${values.shell ?? "/bin/sh"} -e ${values.file ?? values.script?.trim() ?? ""}`],
    async run(context) {
      const isInTree = values.in === "tree";
      const env = environmentOf(values, context);
      const shell = planShell(values);
      // The working directory of a script on the host is the work area, whatever directory the build was begun in.
      await runProgram(
        context,
        isInTree ? { in: "tree", hasNetwork: values.network ?? false } : { in: "host" },
        isInTree ? shell : ["env", "-C", context.work, ...shell],
        env,
      );
    },
  }),
});

/** The words that run the script: a command that fails ends it. */
export function planShell({ script, file, args = [], shell = "/bin/sh" }: Values): readonly string[] {
  return file === undefined
    ? [shell, "-e", "-c", script ?? "", "custom-script", ...args]
    : [shell, "-e", file, ...args];
}

function environmentOf({ env = {}, in: where }: Values, { root, work, data }: BuildContext): Record<string, string> {
  return {
    REHOME_ROOT: where === "tree" ? "/" : root,
    ...(where !== "tree" && { REHOME_WORK: work }),
    ...flatten("REHOME_DATA", data.all()),
    ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)])),
  };
}

/** Texts, numbers and truth values of data objects as variables: `image.id` is `REHOME_DATA_IMAGE_ID`. */
export function flatten(prefix: string, value: unknown): Record<string, string> {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return { [prefix]: String(value) };
  if (typeof value !== "object" || value === null) return {};
  const entries = Object.entries(value).map(([key, item]) =>
    flatten(`${prefix}_${key.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`, item),
  );
  return Object.assign({}, ...entries) as Record<string, string>;
}
