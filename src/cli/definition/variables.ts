/** A variable of the environment that chooses where things lie. */
export interface Variable {
  readonly name: string;
  /** The key for the same in the configuration file; absent where there is none. */
  readonly key?: string;
  readonly summary: string;
}

/** All variables. An option beats a variable, which beats the configuration file. */
export const variables: readonly Variable[] = [
  {
    name: "REHOME_STORE",
    key: "store",
    summary: "The store that is used when --store is not given. Default: `store` in the state directory",
  },
  {
    name: "REHOME_STATE_DIR",
    key: "state-dir",
    summary:
      "State and caches of this host. Default: /var/lib/rehome for root, else `rehome` in XDG_STATE_HOME or ~/.local/state",
  },
  { name: "REHOME_MACHINES_DIR", key: "machines-dir", summary: "Directories of machines. Default: /var/lib/machines" },
  { name: "REHOME_NSPAWN_DIR", key: "nspawn-dir", summary: "Configuration of machines. Default: /etc/systemd/nspawn" },
  {
    name: "REHOME_SESSION_TOKEN",
    summary: "The token of the session that `rehome clone join` joins, where --token-file is not given",
  },
  {
    name: "REHOME_HOOKS_DIR",
    key: "hooks-dir",
    summary:
      "Directories with hooks: `pre-capture.d`, `post-capture.d`, and the same for `detach` and `attach`. Default: /etc/rehome/hooks.d",
  },
  {
    name: "REHOME_PREPARE_DIR",
    key: "prepare-dir",
    summary: "Executables that run last when a tree is prepared. Default: /etc/rehome/prepare.d",
  },
  {
    name: "REHOME_KEEP_JOBS_DAYS",
    key: "keep-jobs-days",
    summary: "How many days jobs are kept after they have ended, with log and evidence. Default: 30",
  },
  {
    name: "REHOME_KEY_FILE",
    key: "key-file",
    summary:
      "File that opens encrypted stores. Default: the systemd credential `rehome.key`, else a passphrase is asked for",
  },
  {
    name: "REHOME_TRUSTED_SIGNERS",
    key: "trusted-signers",
    summary:
      "File with public keys (PEM): only images that one of them has signed are used. Default: any image is used",
  },
  {
    name: "REHOME_RULES",
    key: "rules",
    summary: "Rules by which machines are validated (YAML). Default: /etc/rehome/validate.yaml",
  },
  { name: "REHOME_CONFIG", summary: "The configuration file (YAML). Default: /etc/rehome/config.yaml" },
];
