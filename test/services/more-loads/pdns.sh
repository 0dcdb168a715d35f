#!/bin/sh
# PowerDNS: a zone by the backend of BIND, over UDP and TCP.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=pdns.service

prepare() {
  mkdir -p /etc/bind
  write_zone
  cp /etc/bind/zone.test /etc/powerdns/zone.test
  echo 'zone "example.test" { type master; file "/etc/powerdns/zone.test"; };' >/etc/powerdns/named.conf
  printf 'local-address=127.0.0.1\nallow-axfr-ips=127.0.0.1\n' >/etc/powerdns/pdns.d/load.conf
}

load() {
  ask_zone
}

other_load() {
  ask_whole_zone
  answers 'PONG' pdns_control rping
  answers 'example.test' pdns_control list-zones
  answers 'REFUSED' host other.example 127.0.0.1
}

run "$@"
