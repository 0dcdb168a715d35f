#!/usr/bin/env bash
# PID 1 of a box, until it becomes systemd: lays out the root and enters it.
#   box-init.sh NAME TREE REPOSITORY NODE [ARGUMENT-OF-SYSTEMD]...
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=root.sh
. "$(dirname "$0")/root.sh"
name=$1 tree=$2 repository=$3 node=$4
shift 4

# This /proc counts as the world outside does. Opened by the shell itself, so it's the shell's own.
read -r pid _ </proc/self/stat

keep "$tree" "$repository" "$node"
lay_root "$tree"

# What systemd expects a container manager to have mounted (systemd.io/CONTAINER_INTERFACE). What belongs to the
# kernel and not to a namespace is read-only: a unit in the box must not change the machine outside.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,rw "$root/proc/sys/net"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"

# The Node that runs the tests, as `node`. In a tree too old for it, it runs on the libraries from outside.
node_with_libraries() {
  local word arrow path loader=''
  mkdir "$root/opt/node"
  show ro "$node" /opt/node/node
  while read -r word arrow path _; do
    [ "$arrow" = '=>' ] || path=$word
    case $path in /*) cp -L "$path" "$root/opt/node/" ;; esac
    case $word in */ld-*) loader=${word##*/} ;; esac
  done < <(ldd "$node")
  # Debian's own Node reads parts of itself from here.
  if [ -d /usr/share/nodejs ]; then
    keep /usr/share/nodejs
    show ro /usr/share/nodejs
  fi
  printf '#!/bin/sh\nexec /opt/node/%s --library-path /opt/node /opt/node/node "$@"\n' "$loader" >"$1"
  chmod 755 "$1"
}
show ro "$repository"
show ro "$node" /usr/local/bin/node
chroot "$root" /usr/local/bin/node --version >/dev/null 2>&1 || {
  umount "$root/usr/local/bin/node"
  node_with_libraries "$root/usr/local/bin/node"
}
let_go

tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
echo "$name" >"$root/etc/hostname"
printf '127.0.0.1 localhost %s\n::1 localhost\n' "$name" >"$root/etc/hosts"
# No core dumps: 1 is less than any core file, and the one limit that a core_pattern with a pipe honours (core(5)).
mkdir -p "$root/run/systemd/system.conf.d"
printf '[Manager]\nDefaultLimitCORE=1\n' >"$root/run/systemd/system.conf.d/box.conf"
# No generators: a box has no disks, terminals and init scripts, and each reload would start a dozen of them.
rm -rf "$root"/lib/systemd/{system,user}-generators
# Masked (by files that are empty) is what a tree has done already, or is about hardware and disks: each such unit costs a
# start, and all that are loaded make each reload longer.
masked=(
  dev-{hugepages,mqueue}.mount emergency.{service,target} initrd-{cleanup,parse-etc,switch-root,udevadm-cleanup-db}.service
  initrd-{fs,root-device,root-fs,switch-root,usr-fs}.target initrd.target kmod-static-nodes.service ldconfig.service
  modprobe@.service proc-sys-fs-binfmt_misc.automount rescue.{service,target}
  sys-{fs-fuse-connections,kernel-config,kernel-debug,kernel-tracing}.mount systemd-ask-password-{console,wall}.path
  systemd-{battery-check,binfmt,bsod,confext,firstboot,fsck-root,hibernate-clear,hibernate-resume,hwdb-update}.service
  systemd-{journal-catalog-update,machine-id-commit,modules-load,pcrmachine,pcrphase,pcrphase-initrd,pcrphase-sysinit}.service
  systemd-{pstore,quotacheck-root,random-seed,remount-fs,soft-reboot,sysctl,sysext,sysusers,tmpfiles-setup-dev}.service
  systemd-{tmpfiles-setup-dev-early,tpm2-setup,tpm2-setup-early,update-done}.service
  systemd-{creds,hostnamed,initctl,pcrextend,pcrlock,sysext}.socket systemd-tmpfiles-clean.timer
)
mkdir -p "$root/run/systemd/system"
for unit in "${masked[@]}"; do
  : >"$root/run/systemd/system/$unit"
done

cd "$root"
mkdir run/outside
pivot_root . run/outside
hash -r # commands are the tree's from here on
umount -l /run/outside
rmdir /run/outside

echo "$pid"
exec >/dev/null </dev/null
# Less than everything: these reach past the namespaces.
exec setpriv --bounding-set=-sys_module,-sys_rawio,-sys_time,-wake_alarm -- \
  env -i container=sandbox-unit LANG=C.UTF-8 \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --unit=basic.target "$@"
