import * as libc from "./libc.ts";

const mib = 2 ** 20;

/**
 * Has the C library use memory again that was freed, for all threads of this process, instead of giving it to the kernel, which clears every
 * page of what it gives back: blocks of a mebibyte come and go by the thousand. Up to 16 MiB a thread stay.
 */
export function keepFreedMemory(): void {
  libc.mallopt(libc.M_MMAP_THRESHOLD, 4 * mib);
  libc.mallopt(libc.M_TRIM_THRESHOLD, 16 * mib);
  libc.mallopt(libc.M_TOP_PAD, mib);
}
