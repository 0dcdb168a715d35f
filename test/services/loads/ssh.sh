#!/bin/sh
# ssh: logins by key, commands, files by scp and sftp, a forwarded port, and a key that is refused.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=ssh.service

prepare() {
  mkdir -p /run/sshd
  # Else sshd would answer this host no more, because of the key that is refused.
  echo 'PerSourcePenalties no' >/etc/ssh/sshd_config.d/load.conf
  make_reader
}

load() {
  answers '^reader' with good reader@127.0.0.1 id -un
  answers 'ssh-ed25519' ssh-keyscan -t ed25519 127.0.0.1
  # shellcheck disable=SC2086
  answers '^copied' sh -c "scp -q $options -i $keys/good /etc/services reader@127.0.0.1:x && echo copied"
}

other_load() {
  answers 'Permission denied' with bad reader@127.0.0.1 id
  answers '^[0-9]+ ' with good reader@127.0.0.1 'wc -l /etc/services'
  # shellcheck disable=SC2086
  answers 'services' sh -c "echo 'ls -l /etc' | sftp -q $options -i $keys/good -b - reader@127.0.0.1"
  answers '/dev/pts' with good -tt reader@127.0.0.1 tty
  answers 'SSH-2.0' sh -c "sleep 1 | ssh $options -i $keys/good -W 127.0.0.1:22 reader@127.0.0.1"
}

run "$@"
