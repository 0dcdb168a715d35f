#!/usr/bin/env bash
# Builds one Debian root tree, unless it's there already.
#   tree.sh NAME DIRECTORY SUITE PACKAGE,PACKAGE... [ARCHITECTURE | units]
# With an architecture (Debian's name), which may be another machine's, it is no root: it has the file 'vmlinuz' alone,
# the kernel of the package. With 'units' it has the packages' own unit files alone.
# The tree appears at DIRECTORY whole or not at all. Trees beside it that nobody used for a week go.
# Progress goes to standard error; if it fails, the reason to standard output.
# SANDBOX_UNIT_MIRROR names a Debian mirror to use instead of mmdebstrap's own choice.
set -euo pipefail
name=$1 tree=$2 suite=$3 packages=$4 only=${5-}
store=${tree%/*}

# A private mount namespace: what a killed build leaves mounted goes with it.
if [ "${IN_OWN_NAMESPACE-}" != yes ]; then
  IN_OWN_NAMESPACE=yes exec unshare --mount --propagation private -- bash "$0" "$@"
fi

mkdir -p "$store"
key=${tree##*/}
exec {lock}>"$store/lock-$key"
flock "$lock"
[ ! -d "$tree" ] || exit 0

rm -rf "$store/building-$key".* # of builds that were killed: whoever builds it holds its lock
building=$(mktemp -d "$store/building-$key.XXXXXX")
trap 'rm -rf "$building"' EXIT
echo "building the Debian tree '$name' (once, about 15 seconds)" >&2

foreign=
[[ $packages != *:arm64* ]] || foreign=,arm64

# shellcheck disable=SC2016 # mmdebstrap's shell fills in $1 and MMDEBSTRAP_APT_CONFIG
case $only in
  # Timers would start package downloads behind a test's back.
  '') kind=(--variant=minbase --include="$packages"
    --architectures="$(dpkg --print-architecture)$foreign"
    --customize-hook='rm -rf "$1"/etc/systemd/system/timers.target.wants') ;;
  # Without what the packages need, which is hundreds of megabytes.
  units) kind=(--variant=custom --aptopt='APT::Sandbox::User "root"' --customize-hook='
    cd "$1" && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get download '"${packages//,/ }") ;;
  # The release's own kernel: mirrors may lack the updates of old releases for some machines.
  *) kind=(--variant=extract --include="$packages" --architectures="$only"
    --aptopt="APT::Default-Release \"$suite\"") ;;
esac

keep_kernel() {
  mv -T "$building"/root/boot/vmlinuz-* "$building/kept/vmlinuz"
}

keep_units() {
  local package
  for package in "$building"/root/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar --extract --directory="$building/kept" ./usr/lib/systemd/system || return
  done
}

# keep COMMAND, which moves to $building/kept what the tree shall have.
keep() {
  mkdir -m 755 "$building/kept" &&
    "$1" &&
    rm -rf "$building/root" &&
    mv "$building/kept" "$building/root"
}

# Called where bash doesn't stop at what fails.
build() {
  rm -rf "$building/root" "$building/kept"
  mkdir -m 755 "$building/root"
  # The check of Valid-Until is off for mirrors that hold an older snapshot; signatures are checked.
  mmdebstrap --mode=root --format=directory --skip=check/empty "${kind[@]}" \
    --aptopt='Acquire::Retries "3"' --aptopt='Acquire::Check-Valid-Until "false"' \
    "$suite" "$building/root" ${SANDBOX_UNIT_MIRROR:+"$SANDBOX_UNIT_MIRROR"} \
    </dev/null >"$building/log" 2>&1 || return
  case $only in
    '') ;;
    units) keep keep_units ;;
    *) keep keep_kernel ;;
  esac
}

build || { sleep 5 && build; } || {
  echo "cannot build the Debian tree '$name': it needs a Debian mirror (SANDBOX_UNIT_MIRROR=URL names another) and" \
    "1 GB in '$store'"
  grep -E '^(E|W|Err)' "$building/log" | tail -n 5
  exit 1
}
mv -T "$building/root" "$tree"

find "$store" -mindepth 1 -maxdepth 1 -type d -mtime +7 ! -path "$tree" ! -path "$building" \
  -exec flock --nonblock {} rm -rf {} \;
