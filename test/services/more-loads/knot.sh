#!/bin/sh
# knot: a zone of its own, over UDP and TCP, and its transfer.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=knot.service

prepare() {
  mkdir -p /etc/bind
  write_zone
  install -o knot /etc/bind/zone.test /var/lib/knot/example.test.zone
  cat >/etc/knot/knot.conf <<'CONF'
server:
  listen: 127.0.0.1@53
  user: knot:knot
  rundir: /run/knot
acl:
  - id: all
    address: 127.0.0.1
    action: transfer
template:
  - id: default
    storage: /var/lib/knot
zone:
  - domain: example.test
    acl: all
CONF
}

load() {
  ask_zone
}

other_load() {
  ask_whole_zone
  answers '^UDP workers' knotc status workers
  answers '^OK' knotc zone-reload example.test
  answers '^OK' knotc zone-flush example.test
}

run "$@"
