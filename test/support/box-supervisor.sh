#!/usr/bin/env bash
# Keeps one box: starts it, and when standard input ends or the box does, takes it down and leaves nothing behind.
#   box-supervisor.sh NAME TREE REPOSITORY NODE [ARGUMENT-OF-SYSTEMD]...
# Whoever wants the box holds the other end of standard input; however that process dies, the end is seen here.
# Should this one be killed too, the kernel kills the box, and the next supervisor removes its empty cgroups.
# Prints the process id that the box's PID 1 has outside.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

# Mounts below are this process's and the box's own.
if [ "${IN_OWN_NAMESPACE-}" != yes ]; then
  IN_OWN_NAMESPACE=yes exec unshare --mount --propagation private -- bash "$0" "$@"
fi
unset IN_OWN_NAMESPACE

cgroups=/sys/fs/cgroup
mount -t cgroup2 cgroup2 "$cgroups"

# When a process that has not ended started, in clock ticks: with its id it names the process for good
# (proc_pid_stat(5), fields 3 and 22). One that nobody waits for may stay as a zombie.
started() {
  local stat fields
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  read -ra fields <<<"${stat##*)}"
  [ "${fields[0]}" != Z ] && echo "${fields[19]}"
}

remove_cgroups() {
  find "$1" -depth -type d -delete
}

sweep() {
  local group pid ticks
  for group in "$cgroups"/sandbox-unit-box.*.*; do
    [ -d "$group" ] || continue
    IFS=. read -r _ pid ticks <<<"${group##*/}"
    [ "$(started "$pid")" = "$ticks" ] || remove_cgroups "$group" 2>/dev/null || :
  done
}
sweep

group=$cgroups/sandbox-unit-box.$$.$(started $$)
init='' # PID 1 of the box, as counted here
finish() {
  [ -z "$init" ] || kill -KILL "$init" 2>/dev/null || :
  # Its PID namespace is empty once unshare has reaped it.
  [ -z "${box_PID-}" ] || wait "$box_PID" || :
  remove_cgroups "$group"
}
mkdir "$group"
trap finish EXIT
trap 'exit 1' HUP INT TERM

# Whoever holds this lock keeps the tree from being removed as unused.
exec {tree_in_use}<"$2"
flock --shared "$tree_in_use"
touch -c "$2"

exec {owner}<&0 </dev/null
coproc box {
  echo 0 >"$group/cgroup.procs"
  exec setpriv --pdeathsig KILL -- \
    unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child --propagation private -- \
    bash "$here/box-init.sh" "$@"
}
trap '' PIPE # nobody may be left to hear how it ends
read -r init <&"${box[0]}"
echo "$init"

cat <&"$owner" >/dev/null &
wait -n || :
kill $! 2>/dev/null || :
