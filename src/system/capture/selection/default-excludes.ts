/**
 * What a capture of `/` leaves out unless asked otherwise: scratch space and caches that are made again. Gitignore syntax,
 * relative to the root.
 */
export const hostExcludes: readonly string[] = [
  "/tmp/*",
  "/var/tmp/*",
  "/var/cache/apt/archives/**",
  "/var/cache/apt/*.bin",
  "/var/cache/dnf/**",
  "/var/cache/yum/**",
  "/var/cache/zypp/packages/**",
  "/var/cache/pacman/pkg/**",
  "/var/lib/systemd/coredump/*",
  "/root/.cache/**",
  "/home/*/.cache/**",
  "/swapfile",
  "/swap.img",
  "/lost+found",
];
