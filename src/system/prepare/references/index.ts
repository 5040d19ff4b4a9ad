/**
 * Which old disks a system names, and how its files come to name new ones. Pure: texts in, texts out.
 *
 * It refuses nothing: what has no successor is said, and left to the caller.
 */
export { rewriteFstab } from "./rewrite-fstab.ts";
export { rewriteArrays, rewriteCrypttab, type NewMapping } from "./rewrite-mapped.ts";
export { findStaleReferences, rewriteReferences } from "./rewrite-references.ts";
export { findSuccessions, type NewFileSystem } from "./successions.ts";
