/** Names that LVM, `/dev/md` and the device mapper take; LVM keeps some for itself. */
export const mappedName: RegExp =
  /^(?!snapshot|pvmove)(?!.*_(?:cdata|cmeta|corig|mimage|mlog|pmspare|rimage|rmeta|tdata|tmeta|vdata|vorigin))[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,30}$/;

/** Names of LUKS, in `/dev/mapper` and crypttab(5). */
export const luksName: RegExp = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,62}$/;
