import type { SecretKind } from "../../../core/manifest/manifest.ts";

/** Where files of one kind lie, and how they are named. */
export interface PathRule {
  readonly kind: SecretKind;
  /** Directories, by the names that their paths end with: a system in a system (a machine, a chroot) keeps its secrets in the same places. */
  readonly directories: readonly string[];
  /** Whole names; without it all of them. */
  readonly names?: RegExp;
  /** What lies deeper counts too. */
  readonly deep?: true;
}

/** Files that hold secrets wherever they lie, by their whole names. */
export const secretNames: Readonly<Record<string, SecretKind>> = {
  ".git-credentials": "credentials",
  ".my.cnf": "credentials",
  ".mylogin.cnf": "credentials",
  ".netrc": "credentials",
  ".pgpass": "credentials",
  ".pypirc": "credentials",
  ".s3cfg": "credentials",
  ".smbcredentials": "credentials",
  ".vault-token": "credentials",
};

/** Files that hold secrets by where they lie. What ends in `.pub` never does. */
export const pathRules: readonly PathRule[] = [
  { kind: "password-hashes", directories: ["etc"], names: /^g?shadow-?$/ },
  { kind: "password-hashes", directories: ["var/backups"], names: /^g?shadow\.bak$/ },
  { kind: "password-hashes", directories: ["etc/security"], names: /^opasswd(?:\.old)?$/ },
  { kind: "private-key", directories: ["etc/ssh"], names: /^ssh_host_[^]*key$/ },
  { kind: "private-key", directories: [".ssh"], names: /^(?:id_[^]*|identity)$/ },
  { kind: "private-key", directories: ["etc/dropbear"], names: /^dropbear_[^]*_host_key$/ },
  { kind: "private-key", directories: ["etc/ssl/private", "etc/pki/tls/private", "etc/ipsec.d/private"], deep: true },
  {
    kind: "private-key",
    directories: ["etc/letsencrypt"],
    names: /^privkey[^]*\.pem$|^private_key\.json$/,
    deep: true,
  },
  { kind: "private-key", directories: ["etc/letsencrypt/keys", "etc/swanctl/private"] },
  { kind: "private-key", directories: [".gnupg", "etc/pacman.d/gnupg"], names: /^secring\.gpg$/ },
  { kind: "private-key", directories: [".gnupg/private-keys-v1.d", "etc/pacman.d/gnupg/private-keys-v1.d"] },
  { kind: "private-key", directories: ["etc/wireguard"], names: /\.(?:conf|key)$/ },
  { kind: "private-key", directories: ["etc/openvpn", "etc/kubernetes/pki"], names: /\.key$/, deep: true },
  { kind: "private-key", directories: ["etc"], names: /^krb5\.keytab$/ },
  { kind: "private-key", directories: ["var/lib/systemd"], names: /^credential\.secret$/ },
  { kind: "private-key", directories: ["var/lib/tor"], names: /^(?:hs_ed25519_secret_key|private_key)$/, deep: true },
  { kind: "credentials", directories: ["etc"], names: /^ipsec\.secrets$/ },
  { kind: "credentials", directories: ["etc/NetworkManager/system-connections"], deep: true },
  { kind: "credentials", directories: ["etc/wpa_supplicant"], names: /\.conf$/ },
  { kind: "credentials", directories: ["etc/ppp"], names: /^(?:chap|pap)-secrets$/ },
  { kind: "credentials", directories: ["etc/mysql"], names: /^debian\.cnf$/ },
  { kind: "credentials", directories: ["etc/credstore", "etc/credstore.encrypted"] },
  { kind: "credentials", directories: ["etc/kubernetes", "etc/rancher/k3s"], names: /^(?:[^]*\.conf|k3s\.yaml)$/ },
  { kind: "credentials", directories: ["var/lib/samba/private"], names: /^(?:secrets\.[tl]db|passdb\.tdb)$/ },
  { kind: "credentials", directories: [".aws"], names: /^credentials$/ },
  { kind: "credentials", directories: [".docker", ".kube"], names: /^config(?:\.json)?$/ },
  { kind: "credentials", directories: [".config/containers", ".composer"], names: /^auth\.json$/ },
  { kind: "credentials", directories: [".config/gh"], names: /^hosts\.yml$/ },
  { kind: "credentials", directories: [".config/rclone"], names: /^rclone\.conf$/ },
  {
    kind: "credentials",
    directories: [".config/gcloud"],
    names: /^(?:credentials\.db|access_tokens\.db|application_default_credentials\.json)$/,
  },
  { kind: "credentials", directories: [".cargo", ".gem"], names: /^credentials(?:\.toml)?$/ },
];
