import type { SecretKind } from "../../../core/manifest/manifest.ts";

/** How much of the beginning of a file's data is looked at. */
const lookedAtBytes = 256 * 1024;

/** A NUL so early makes a file binary: programs and their libraries hold the same words as keys do. */
const binaryWithinBytes = 1024;

/**
 * What tells secrets in text. Each begins with what is rare, so that a search is quick; each asks for more than a name or a
 * heading, so that documents about keys are none; each is bounded, so that no text can make it slow.
 */
export const contentMarks: readonly { readonly kind: SecretKind; readonly pattern: RegExp }[] = [
  // PEM and armoured OpenPGP, indented or in a JSON text too: a heading, perhaps headers, then the key itself.
  {
    kind: "private-key",
    pattern:
      /-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\r?\n|(?:\\r)?\\n)(?:[ \t]{0,64}(?:[A-Z][A-Za-z-]{0,32}: [^\r\n]{0,512})?\r?\n){0,16}[ \t]{0,64}[A-Za-z0-9+/=]{16}/,
  },
  // An OpenSSH key without its heading: "openssh-key-v1" and a NUL in base64.
  { kind: "private-key", pattern: /b3BlbnNzaC1rZXktdjEA/ },
  { kind: "private-key", pattern: /AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{58}/ },
  { kind: "private-key", pattern: /^PuTTY-User-Key-File-[1-9]: / },
  // WireGuard, as wg-quick and systemd-networkd have it.
  { kind: "private-key", pattern: /PrivateKey[ \t]{0,8}=[ \t]{0,8}[A-Za-z0-9+/]{43}=/ },
  // Lines of shadow and htpasswd files.
  {
    kind: "password-hashes",
    pattern: /:\$(?<=(?:^|\n)[^\s:]{1,64}:\$)(?:y|gy|7|6|5|2[abxy]|1|apr1)\$[./A-Za-z0-9$]{20}/,
  },
  // Tokens that say whose they are: GitHub, GitLab, Slack, npm, PyPI, Stripe, Vault, DigitalOcean, Anthropic.
  {
    kind: "token",
    pattern:
      /\b(?:gh[oprsu]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|glpat-[\w-]{20}|xox[abprs]-[0-9]{8,16}-[0-9A-Za-z-]{16}|npm_[A-Za-z0-9]{36}|pypi-AgEIcHlwaS5vcmc[\w-]{50}|sk_live_[0-9A-Za-z]{24}|hvs\.[\w-]{24}|dop_v1_[0-9a-f]{64}|sk-ant-[\w-]{40})/,
  },
];

/** Says which secrets the beginning of a file's data shows; undefined: none that is known. */
export function recogniseContent(data: Buffer): SecretKind | undefined {
  if (data.subarray(0, binaryWithinBytes).includes(0)) return undefined;
  const text = data.toString("latin1", 0, Math.min(data.length, lookedAtBytes));
  return contentMarks.find(({ pattern }) => pattern.test(text))?.kind;
}
