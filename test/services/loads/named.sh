#!/bin/sh
# named: a zone of its own, over UDP and TCP, and its transfer.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=named.service

prepare() {
  write_zone
  cat >/etc/bind/named.conf.local <<'CONF'
zone "example.test" { type primary; file "/etc/bind/zone.test"; allow-transfer { 127.0.0.1; }; };
CONF
}

load() {
  answers 'has address 192.0.2.1' host www.example.test 127.0.0.1
  answers 'name server ns.example.test' host -t ns example.test 127.0.0.1
  answers 'NXDOMAIN' host none.example.test 127.0.0.1
}

other_load() {
  answers 'has address 192.0.2.1' host -T www.example.test 127.0.0.1
  answers '192.0.2.1' host -l -a example.test 127.0.0.1
  answers 'server is up and running' rndc status
  answers 'reload (queued|successful|up-to-date)|up-to-date' rndc reload example.test
  answers 'has SOA record' host -t soa example.test 127.0.0.1
}

run "$@"
