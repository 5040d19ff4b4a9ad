/** Variables of the environment that choose where things lie, and what they choose. */
export const variables: Readonly<Record<string, string>> = {
  REHOME_STORE: "The store that is used when --store is not given. Default: `store` in the state directory",
  REHOME_STATE_DIR:
    "State and caches of this host. Default: /var/lib/rehome for root, else `rehome` in XDG_STATE_HOME or ~/.local/state",
  REHOME_MACHINES_DIR: "Directories of machines. Default: /var/lib/machines",
  REHOME_NSPAWN_DIR: "Configuration of machines. Default: /etc/systemd/nspawn",
  REHOME_HOOKS_DIR: "Directories `pre-capture.d` and `post-capture.d` with hooks. Default: /etc/rehome/hooks.d",
};
