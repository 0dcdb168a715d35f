#!/bin/sh
# nsd: a zone of its own, over UDP and TCP, and its transfer.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=nsd.service

prepare() {
  mkdir -p /etc/bind
  write_zone
  cp /etc/bind/zone.test /etc/nsd/zone.test
  cat >/etc/nsd/nsd.conf.d/load.conf <<'CONF'
server:
  ip-address: 127.0.0.1
zone:
  name: example.test
  zonefile: /etc/nsd/zone.test
  provide-xfr: 127.0.0.1 NOKEY
CONF
}

load() {
  ask_zone
}

other_load() {
  ask_whole_zone
  answers 'version:' nsd-control status
  answers '^ok' nsd-control reload
  answers 'has SOA record' host -t soa example.test 127.0.0.1
}

run "$@"
