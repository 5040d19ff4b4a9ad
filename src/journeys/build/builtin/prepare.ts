import { Type } from "typebox";
import { defineConstructor, type AnyConstructor, type BuildCheckpoint } from "../checkpoint/constructor.ts";

const schema = Type.Object(
  {
    identity: Type.Optional(Type.Union([Type.Literal("keep"), Type.Literal("reset")])),
    fresh: Type.Optional(Type.Union([Type.Literal("now"), Type.Literal("first-boot")])),
    hostname: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    only: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
    skip: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
  },
  { additionalProperties: false },
);

/** `prepare`: the tree becomes a system in its new home. */
export const prepare: AnyConstructor = defineConstructor<typeof schema>({
  summary: "Make the tree a system in its new home",
  arguments: schema,
  seconds: 30,
  check: async (_values, { programs }) => {
    const why = programs.whyNot("tree");
    return why === undefined ? [] : [why];
  },
  create: (choices): BuildCheckpoint => ({
    plan: [`prepare the tree, identity ${choices.identity ?? "keep"}`],
    async run({ root, ports, log, onProgress, signal }) {
      for (const line of await ports.prepare(root, choices, { onProgress, signal })) log(line);
    },
  }),
});
