import { Type } from "typebox";
import type { Schema } from "./check-value.ts";

/** Names of checkpoints; unique in a build. */
export const checkpointNamePattern = "^[A-Za-z0-9._-]{1,256}$";

const variableName = "^[A-Za-z_][A-Za-z0-9_]*$";
const scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);
const withArguments = Type.Record(Type.String(), Type.Unknown(), {
  description: "Arguments of the constructor, held against its schema before anything runs.",
});
const timeout = Type.String({
  pattern: String.raw`^[1-9][0-9]*(s|m|h)$`,
  description: "The checkpoint fails when it takes longer: 90s, 15m, 2h. Default: 1h.",
});

const checkpoint = Type.Object(
  {
    name: Type.String({ pattern: checkpointNamePattern }),
    uses: Type.String({
      minLength: 1,
      description: "The constructor: a built-in name, or ./MODULE.ts#EXPORT relative to this file.",
    }),
    description: Type.Optional(Type.String()),
    timeout: Type.Optional(timeout),
    with: Type.Optional(withArguments),
  },
  { additionalProperties: false },
);

const manifest = Type.Object(
  {
    version: Type.Literal(1),
    name: Type.Optional(Type.String({ pattern: "^[a-z0-9][a-z0-9._-]{0,127}$" })),
    description: Type.Optional(Type.String()),
    include: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description:
          "Manifests, relative to this file, whose checkpoints come first and whose variables this one overrides.",
      }),
    ),
    variables: Type.Optional(
      Type.Record(Type.String({ pattern: variableName }), scalar, {
        description: "Values of ${NAME} in the checkpoints.",
        additionalProperties: false,
      }),
    ),
    environment: Type.Optional(
      Type.Array(Type.String({ pattern: variableName }), {
        description: "Variables of the environment that become variables of the build when they are set.",
      }),
    ),
    defaults: Type.Optional(
      Type.Object(
        {
          timeout: Type.Optional(timeout),
          with: Type.Optional(
            Type.Record(Type.String(), withArguments, {
              description: "Arguments by constructor, where a checkpoint has none.",
            }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    stop_on_error: Type.Optional(
      Type.Boolean({
        description: "False goes on after a checkpoint failed; the build then fails at its end. Default: true.",
      }),
    ),
    checkpoints: Type.Optional(Type.Array(checkpoint, { maxItems: 1000 })),
  },
  { additionalProperties: false },
);

/** A checkpoint as a manifest has it. */
export interface ManifestCheckpoint {
  readonly name: string;
  readonly uses: string;
  readonly description?: string;
  readonly timeout?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

/** A manifest as a file has it, once it has been held against the schema. */
export interface ManifestFile {
  readonly version: 1;
  readonly name?: string;
  readonly description?: string;
  readonly include?: readonly string[];
  readonly variables?: Readonly<Record<string, string | number | boolean>>;
  readonly environment?: readonly string[];
  readonly defaults?: {
    readonly timeout?: string;
    readonly with?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  readonly stop_on_error?: boolean;
  readonly checkpoints?: readonly ManifestCheckpoint[];
}

/** The published schema of a build's manifest (`docs/format/build.schema.json`). */
export const manifestSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:rehome:build:1",
  title: "Manifest of a rehome build",
  ...manifest,
};
