import { createHash } from "node:crypto";
import { pathRules, secretNames } from "./path-rules.ts";
import { contentMarks } from "./recognise-content.ts";

/** Names all rules by which secrets are recognised: what was looked at under other rules must be looked at again. */
export function ruleDigest(): string {
  const rules = JSON.stringify([secretNames, pathRules, contentMarks], (_, value: unknown) =>
    value instanceof RegExp ? value.source : value,
  );
  return createHash("sha256").update(rules).digest("hex").slice(0, 32);
}
