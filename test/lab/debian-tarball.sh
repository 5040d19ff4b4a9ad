#!/bin/bash
# debian-tarball.sh [dracut|bare|stack]
# Makes a real Debian 12 system (init, kernel, ssh) with mmdebstrap, once, as a tarball in ${REHOME_TEST_CACHE:-.test-cache}
# and prints the tarball's path. Takes a minute or two the first time. REHOME_TEST_MIRROR names another mirror. With `dracut` it
# is a smaller system whose initramfs dracut makes, as in the RPM family; with `bare` one with apt and systemd, and little else; with
# `stack` one with LVM, software RAID and LUKS, and with what builds disks.
# Needs root, or user namespaces.
set -eu
cache=${REHOME_TEST_CACHE:-$(cd "$(dirname "$0")/../.." && pwd)/.test-cache}
packages=systemd-sysv,udev,dbus,linux-image-amd64,openssh-server,iproute2,ca-certificates,perl,less,man-db,locales,gnupg,curl
[ "${1-}" != dracut ] || packages=systemd-sysv,udev,dbus,linux-image-amd64,openssh-server,dracut
[ "${1-}" != stack ] || packages=systemd-sysv,udev,dbus,linux-image-amd64,openssh-server,lvm2,mdadm,cryptsetup-initramfs,fdisk,dosfstools,mtools,grub-common,grub-pc-bin,grub-efi-amd64-bin,systemd-container,zstd,xfsprogs,libatomic1
[ "${1-}" != bare ] || packages=systemd-sysv,dbus
[ "$(dpkg --print-architecture)" = amd64 ] || packages=${packages/linux-image-amd64/linux-image-$(dpkg --print-architecture)}
tarball=$cache/debian-12-$(echo "$packages" | cksum | cut -d ' ' -f 1).tar
mkdir -p "$cache"
exec 9> "$tarball.lock"
flock 9
if [ ! -e "$tarball" ]; then
  echo "debian-tarball: making a Debian 12 system with mmdebstrap (once, about a minute)" >&2
  rm -f "$tarball.new.tar"
  # Nobody starts the initramfs that dracut makes while it is installed: who needs one makes it with a test.conf of his own.
  quick='mkdir -p "$1/etc/dracut.conf.d" && printf "%s\n" "dracutmodules=base" "compress=cat" >"$1/etc/dracut.conf.d/test.conf"'
  [ "${1-}" = dracut ] || quick=true # a program: mmdebstrap runs single words without a shell
  if ! mmdebstrap --quiet --variant=minbase --setup-hook="$quick" --include="$packages" bookworm "$tarball.new.tar" \
    ${REHOME_TEST_MIRROR+"$REHOME_TEST_MIRROR"} </dev/null >"$tarball.log" 2>&1; then
    cat "$tarball.log" >&2
    rm -f "$tarball.new.tar"
    exit 1
  fi
  mv "$tarball.new.tar" "$tarball"
fi
echo "$tarball"
