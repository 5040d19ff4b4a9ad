import { Type } from "typebox";
import { defineConstructor, type AnyConstructor, type BuildCheckpoint } from "../checkpoint/constructor.ts";

const schema = Type.Object(
  {
    from: Type.String({ minLength: 1 }),
    to: Type.String({ pattern: String.raw`^/[^\0]*$` }),
    owner: Type.Optional(Type.Literal("keep")),
    mode: Type.Optional(Type.String({ pattern: "^[0-7]{3,4}$" })),
  },
  { additionalProperties: false },
);

/** `copy`: a file or directory of this host into the tree. */
export const copy: AnyConstructor = defineConstructor<typeof schema>({
  summary: "Copy files into the tree",
  arguments: schema,
  pathArguments: ["from"],
  seconds: 1,
  check: async (_, { programs }) => [programs.whyNot("host")].filter((why) => why !== undefined),
  create: ({ from, to, owner, mode }): BuildCheckpoint => ({
    plan: [`copy ${from} to ${to} of the tree`],
    async run({ root, ports, detail, signal }) {
      const what = { from, to, keepsOwners: owner === "keep", mode };
      await ports.files.copyIntoTree(root, what, { onLine: detail, signal });
    },
  }),
});
