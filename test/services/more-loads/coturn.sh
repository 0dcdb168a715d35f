#!/bin/sh
# coturn: an address by STUN, and packets by TURN.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=coturn.service

prepare() {
  printf 'listening-ip=127.0.0.1\nrelay-ip=127.0.0.1\nallow-loopback-peers\nno-auth\ncli-password=secret\nlog-file=/var/log/turnserver/turn.log\n' >/etc/turnserver.conf
}

load() {
  answers '127.0.0.1' turnutils_stunclient 127.0.0.1
}

other_load() {
  answers 'Total lost packets 0|tot_recv_msgs=[1-9]' timeout 20 turnutils_uclient -y -n 10 -c 127.0.0.1
  answers '127.0.0.1' turnutils_natdiscovery -m -f 127.0.0.1
}

run "$@"
