#!/bin/sh
# dnsmasq: names of its own, over UDP and TCP.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=dnsmasq.service

prepare() {
  cat >/etc/dnsmasq.d/load.conf <<'CONF'
no-resolv
listen-address=127.0.0.1
bind-interfaces
address=/home.test/192.0.2.1
txt-record=text.test,hello
CONF
}

load() {
  answers 'has address 192.0.2.1' host www.home.test 127.0.0.1
  answers 'hello' host -t txt text.test 127.0.0.1
}

other_load() {
  answers 'has address 192.0.2.1' host -T other.home.test 127.0.0.1
  answers 'REFUSED|NXDOMAIN' host none.example 127.0.0.1
}

run "$@"
