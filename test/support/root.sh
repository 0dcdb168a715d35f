# Read by box-init.sh and layer.sh, in a mount namespace of their own: lays out a throw-away root at $root.
# Everything comes by file descriptor, so no mount hides what a later one needs, and no path needs escaping.
# shellcheck shell=bash

stage=/run # hidden from here on; it exists everywhere
root=$stage/root
declare -A outside=()

# Opens what the root will show: keep FILE-OR-FOLDER...
keep() {
  local path fd
  for path; do
    exec {fd}<"$path"
    outside[$path]=$fd
  done
}

# A copy-on-write view of TREE (kept before), with fresh /proc, /run, /tmp and /dev: lay_root TREE
lay_root() {
  mount -t tmpfs -o mode=0755 tmpfs "$stage"
  mkdir "$root" "$stage/upper" "$stage/work"
  mount -t overlay overlay "$root" -o \
    "lowerdir=/proc/self/fd/${outside[$1]},upperdir=$stage/upper,workdir=$stage/work,redirect_dir=off,index=off,metacopy=off"
  mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
  mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs "$root/run"
  mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/tmp"
  mount -t tmpfs -o mode=0755,nosuid tmpfs "$root/dev"
  cp -a /dev/{null,zero,full,random,urandom,tty,kmsg} "$root/dev/"
  mkdir "$root"/dev/{pts,shm}
  mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s fd/0 "$root/dev/stdin"
  ln -s fd/1 "$root/dev/stdout"
  ln -s fd/2 "$root/dev/stderr"
}

# Shows a kept file or folder in the root: show ro|rw OUTSIDE [INSIDE]
show() {
  local mode=$1 from=$2 to=$root${3-$2}
  if [ -d "$from" ]; then mkdir -p "$to"; else mkdir -p "${to%/*}" && touch "$to"; fi
  mount --no-canonicalize --bind "/proc/self/fd/${outside[$from]}" "$to"
  mount -o "remount,bind,$mode" "$to"
}

# The root's programs get none of this shell's descriptors.
let_go() {
  local fd
  for fd in "${outside[@]}"; do
    exec {fd}<&-
  done
}
