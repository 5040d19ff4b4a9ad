#!/bin/sh
# install.sh [--prefix DIR] [--uninstall]
# Installs this release of rehome below DIR (default: /usr/local), over an older one where there is one, or removes it again.
# A copy of this script stays in DIR/lib/rehome, for --uninstall. DESTDIR, for packagers, goes before every path.
# Killed at any moment, the same command again does the rest.
set -eu
umask 022

fail() { # what is, what to do, status
  printf 'install.sh: cannot go on: %s\n' "$1" >&2
  printf '%s\n' "$2" >&2
  exit "${3-1}"
}

home=$(cd "$(dirname "$0")" && pwd -P)
# An installed copy is in PREFIX/lib/rehome.
prefix=/usr/local
if [ -e "$home/installed-files" ]; then prefix=${home%/lib/rehome}; fi
uninstall=
while [ $# -gt 0 ]; do
  case $1 in
  --prefix)
    [ $# -ge 2 ] || fail "--prefix has no value" "Use: install.sh [--prefix DIR] [--uninstall]" 2
    prefix=$2
    shift
    ;;
  --prefix=*) prefix=${1#--prefix=} ;;
  --uninstall) uninstall=1 ;;
  *) fail "\"$1\" is not known" "Use: install.sh [--prefix DIR] [--uninstall]" 2 ;;
  esac
  shift
done
while [ "${prefix%/}" != "$prefix" ]; do prefix=${prefix%/}; done
case $prefix in
*[!A-Za-z0-9/._+-]*) fail "the prefix \"$prefix\" has other characters than letters, digits and / . _ + -" "Units of systemd could not name it; choose another." 2 ;;
/*) ;;
*) fail "the prefix \"$prefix\" is no absolute path, or the root itself" "Give a path such as /usr/local or /opt/rehome." 2 ;;
esac
case $prefix/ in
*/../* | */./* | *//*) fail "the prefix \"$prefix\" has parts such as \"..\"" "Give the path without them." 2 ;;
esac
root=${DESTDIR-}$prefix
library=$root/lib/rehome
list=$library/installed-files

is_here() { [ -z "${DESTDIR-}" ] && [ -d /run/systemd/system ]; }
reload_units() { if is_here; then systemctl daemon-reload || true; fi; }

# Removes the files named on standard input, relative to the prefix.
remove_files() {
  while read -r file; do
    case /$file/ in
    // | */../*) ;;
    *) rm -f "$root/$file" ;;
    esac
  done
}

# Makes a directory below the prefix, and notes those that were not there: the uninstallation removes them, when they are empty.
make_directory() { # relative
  if [ -d "$root/$1" ]; then return; fi
  case $1 in */*) make_directory "${1%/*}" ;; esac
  printf '%s\n' "$1" >>"$library.new/made-directories"
  mkdir "$root/$1"
}

if [ -n "$uninstall" ]; then
  [ -e "$list" ] || fail "$root has no rehome that this script installed" "Name the --prefix that it was installed with."
  if is_here; then systemctl stop 'rehome-capture@*.timer' || true; fi
  rm -rf "$library.new" "$library.old"
  remove_files <"$list"
  directories=$(LC_ALL=C sort -r "$library/made-directories")
  rm -rf "$library"
  printf '%s\n' "$directories" | while read -r directory; do
    case /$directory/ in
    */../*) ;;
    *) rmdir "$root/$directory" 2>/dev/null || true ;;
    esac
  done
  reload_units
  printf 'rehome is gone from %s; images, state and /etc/rehome are left as they are\n' "$root"
  exit 0
fi

[ -d "$home/dist" ] && [ -d "$home/share" ] ||
  fail "this script is not in an unpacked release" "To remove what is installed: $0 --uninstall"
[ "$(uname -m)" = x86_64 ] || fail "this release is for x64 machines" "Use a release for $(uname -m), or an x64 machine."
if [ -e "$root/bin/rehome" ] && [ "$(readlink "$root/bin/rehome")" != ../lib/rehome/bin/rehome ]; then
  fail "$root/bin/rehome is there, and not by this script" "Remove it, or choose another --prefix."
fi
# A run before this one may have been killed between the two renames below.
if [ -e "$library.old" ] && [ ! -e "$library" ]; then mv "$library.old" "$library"; fi
old=$(cat "$list" 2>/dev/null || true)
made=$(cat "$library/made-directories" "$library.new/made-directories" 2>/dev/null | LC_ALL=C sort -u)
if [ ! -e "$root" ]; then made=$(printf '/\n%s' "$made"); fi
if [ ! -e "$root/lib" ]; then made=$(printf 'lib\n%s' "$made"); fi
# The whole program stands beside the old one before anything else changes.
mkdir -p "$root/lib" || fail "$root cannot be written" "Run it as root, or choose another --prefix."
rm -rf "$library.new" "$library.old"
mkdir "$library.new" || fail "$root/lib cannot be written" "Run it as root, or choose another --prefix."
printf '%s\n' "$made" >"$library.new/made-directories"
for part in bin dist node node_modules package.json install.sh; do cp -R "$home/$part" "$library.new/"; done
if [ -z "${DESTDIR-}" ] && ! version=$("$library.new/bin/rehome" --version); then
  rm -rf "$library.new"
  fail "the program does not start here; nothing was changed" \
    "It needs glibc 2.28 or newer and libstdc++, on Debian: apt-get install libstdc++6"
fi
(cd "$home" && find share lib -type f | LC_ALL=C sort) >"$library.new/installed-files"
echo bin/rehome >>"$library.new/installed-files"

while read -r file; do
  make_directory "${file%/*}"
  case $file in
  bin/rehome) continue ;;
  lib/systemd/*) sed "s|@bin@|$prefix/bin|" "$home/$file" >"$root/$file.new" ;;
  *) cp "$home/$file" "$root/$file.new" ;;
  esac
  mv -f "$root/$file.new" "$root/$file"
done <"$library.new/installed-files"
if [ -e "$library" ]; then mv "$library" "$library.old"; fi
mv "$library.new" "$library"
rm -rf "$library.old"
ln -sf ../lib/rehome/bin/rehome "$root/bin/rehome"
printf '%s\n' "$old" | grep -vxF -f "$list" | remove_files
reload_units

if [ -z "${DESTDIR-}" ]; then
  printf '%s is in %s\n' "$version" "$prefix"
  case $prefix in
  /usr | /usr/local) ;;
  *) printf 'To use its timers: systemctl link %s/lib/systemd/system/rehome-capture@.service %s/lib/systemd/system/rehome-capture@.timer\n' "$prefix" "$prefix" ;;
  esac
  printf 'To remove it: %s/lib/rehome/install.sh --uninstall\n' "$prefix"
fi
