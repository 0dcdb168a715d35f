#!/bin/sh
# dropbear: logins by key, commands, and a key that is refused.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=dropbear.service

prepare() {
  make_reader
}

load() {
  answers '^reader' with good reader@127.0.0.1 id -un
}

other_load() {
  answers 'Permission denied' with bad reader@127.0.0.1 id
  answers '^[0-9]+ ' with good reader@127.0.0.1 'wc -l /etc/services'
}

run "$@"
