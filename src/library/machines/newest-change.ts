import { linuxTreeReader } from "../../host/tree/linux-tree-reader.ts";
import { isTrouble, walkTree } from "../../system/tree/walk.ts";

/** When anything in a tree was changed last, as nobody can set it back: `SECONDS.NANOSECONDS`. Reads no file. */
export function newestChange(directory: string): string {
  const tree = linuxTreeReader();
  let [seconds, nanoseconds] = [0, 0];
  for (const item of walkTree(tree, tree.openRoot(directory), () => "take")) {
    if (isTrouble(item)) continue;
    const { ctimeSec, ctimeNsec } = item.stat;
    if (ctimeSec > seconds || (ctimeSec === seconds && ctimeNsec > nanoseconds))
      [seconds, nanoseconds] = [ctimeSec, ctimeNsec];
  }
  return `${seconds}.${String(nanoseconds).padStart(9, "0")}`;
}
