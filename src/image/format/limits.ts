/** The limits of `docs/format/image.md`; all in bytes but the counts. */
export const limits: Readonly<
  Record<
    | "nameBytes"
    | "pathBytes"
    | "pathNames"
    | "symlinkTargetBytes"
    | "xattrs"
    | "xattrNameBytes"
    | "xattrValueBytes"
    | "recordBytes"
    | "chunkBytes"
    | "blockBytes"
    | "footerBytes"
    | "packBytes"
    | "manifestBytes"
    | "sealedBytes"
    | "jsonValues"
    | "tableBytes",
    number
  >
> = {
  nameBytes: 4096,
  pathBytes: 64 * 1024,
  pathNames: 4096,
  symlinkTargetBytes: 64 * 1024,
  xattrs: 4096,
  xattrNameBytes: 256,
  xattrValueBytes: 1024 * 1024,
  recordBytes: 3584 * 1024,
  chunkBytes: 4 * 1024 * 1024,
  blockBytes: 8 * 1024 * 1024,
  footerBytes: 64 * 1024 * 1024,
  packBytes: 4 * 1024 * 1024 * 1024,
  manifestBytes: 64 * 1024 * 1024,
  sealedBytes: 16 * 1024 * 1024,
  jsonValues: 1024 * 1024,
  tableBytes: 16 * 1024 * 1024,
};
