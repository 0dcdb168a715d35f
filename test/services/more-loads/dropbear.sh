#!/bin/sh
# dropbear: logins by key, commands, and a key that is refused.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=dropbear.service
keys=/var/lib/ssh-load

prepare() {
  mkdir -p $keys
  systemctl start systemd-user-sessions.service # before it, nobody may log in
  for key in good bad; do
    [ -e $keys/$key ] || ssh-keygen -q -t ed25519 -N '' -f $keys/$key
  done
  id reader >/dev/null 2>&1 || useradd --create-home --shell /bin/bash reader
  install -d -m 700 -o reader -g reader ~reader/.ssh
  install -m 600 -o reader -g reader $keys/good.pub ~reader/.ssh/authorized_keys
}

# with KEY WORDS...
with() {
  key=$1
  shift
  ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes -i "$keys/$key" "$@"
}

load() {
  answers '^reader' with good reader@127.0.0.1 id -un
}

other_load() {
  answers 'Permission denied' with bad reader@127.0.0.1 id
  answers '^[0-9]+ ' with good reader@127.0.0.1 'wc -l /etc/services'
}

run "$@"
