#!/usr/bin/env bash
# Runs one command in a throw-away view of a tree, with some folders shown read-write at their own paths.
#   layer.sh TREE WORKING-FOLDER [FOLDER]... -- COMMAND [ARGUMENT]...
# Dies with the process that started it.
set -euo pipefail

if [ "${IN_OWN_NAMESPACE-}" != yes ]; then
  IN_OWN_NAMESPACE=yes exec setpriv --pdeathsig KILL -- \
    unshare --mount --pid --fork --kill-child --propagation private -- bash "$0" "$@"
fi
unset IN_OWN_NAMESPACE
# shellcheck source-path=SCRIPTDIR source=root.sh
. "$(dirname "$0")/root.sh"
tree=$1 working=$2
shift 2
folders=()
while [ "$1" != -- ]; do
  folders+=("$1")
  shift
done
shift

keep "$tree" "${folders[@]}"
flock --shared "${outside[$tree]}" # keeps the tree from being removed as unused
touch -c "$tree"
lay_root "$tree"
for folder in "${folders[@]}"; do
  show rw "$folder"
done
let_go
# shellcheck disable=SC2016 # for the shell inside
exec chroot "$root" /bin/sh -c 'cd "$1" && shift && exec "$@"' sh "$working" "$@"
