import type { ByteString } from "../../../core/tree/byte-string.ts";
import { textFromBytes } from "../text-from-bytes.ts";

const maxNames = 40;
const maxNameLength = 100;

/**
 * The licences in a package's copyright file, joined with ` AND `; undefined where none is recognised.
 *
 * In a machine-readable file (DEP-5) they are the short names of its `License:` fields, each once, alternatives in
 * parentheses. In any other file they are the common licences it points to and those whose well-known words it holds.
 */
export function parseCopyrightLicense(copyright: ByteString): string | undefined {
  const names = isMachineReadable(copyright) ? shortNames(copyright) : recognisedNames(copyright);
  return names.length === 0 ? undefined : names.join(" AND ");
}

const maxRemembered = 1000;
const maxRememberedLength = 128 * 1024;

/** A {@link parseCopyrightLicense} that remembers: packages of one source bring the same text. */
export function copyrightLicenseParser(): (copyright: ByteString) => string | undefined {
  const known = new Map<ByteString, string | undefined>();
  return (copyright) => {
    if (known.has(copyright)) return known.get(copyright);
    const license = parseCopyrightLicense(copyright);
    if (known.size < maxRemembered && copyright.length <= maxRememberedLength) known.set(copyright, license);
    return license;
  };
}

function isMachineReadable(copyright: string): boolean {
  return /^Format(?:-Specification)?:.*(?:copyright-format|dep5|dep-5|CopyrightFormat)/im.test(
    copyright.slice(0, 2000),
  );
}

function shortNames(copyright: string): string[] {
  const names = new Set<string>();
  for (const [, field = ""] of copyright.matchAll(/^License:[ \t]*(\S[^\n]*)$/gim)) {
    const name = textFromBytes(field.trim().replaceAll(/\s+/g, " ").slice(0, maxNameLength) as ByteString);
    names.add(/ (?:or|and|OR|AND) |[,|]/.test(name) ? `(${name})` : name);
    if (names.size === maxNames) break;
  }
  return [...names];
}

function recognisedNames(copyright: string): string[] {
  const names = new Set<string>();
  for (const [, reference = ""] of copyright.matchAll(
    /\/usr\/share\/common-licenses\/([A-Za-z0-9][A-Za-z0-9.+-]{0,40})/g,
  ))
    names.add(reference.replace(/[.-]+$/, ""));
  const words = copyright.toLowerCase();
  for (const [name, known] of knownWords) if (known.test(words)) names.add(name);
  return [...names].slice(0, maxNames);
}

/** Sentences that only one family of licences has, as they stand in most copies. */
const knownWords: readonly (readonly [string, RegExp])[] = [
  ["MIT", phrase("permission is hereby granted, free of charge, to any person obtaining")],
  ["BSD", phrase("redistribution and use in source and binary forms")],
  [
    "ISC",
    phrase(
      "permission to use, copy, modify, (?:and/or|and) distribute this software for any purpose with or without fee",
    ),
  ],
  ["Apache-2.0", phrase("apache license,? version 2\\.0")],
  ["MPL-2.0", phrase("mozilla public license,? (?:version|v\\.) 2\\.0")],
  ["Zlib", phrase("the origin of this software must not be misrepresented")],
  ["public-domain", phrase("(?:in|into) the public domain")],
];

/** The words of a sentence in lower case, wherever its lines are broken. */
function phrase(words: string): RegExp {
  return new RegExp(words.replaceAll(" ", "\\s{1,20}"));
}
