#!/bin/sh
# unbound: names of its own, over UDP and TCP; those of others it asks named for, beside it on port 5353.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=unbound.service

prepare() {
  write_zone '* IN A 192.0.2.9'
  cat >/etc/bind/named.conf.local <<'CONF'
zone "example.test" { type primary; file "/etc/bind/zone.test"; };
CONF
  cat >/etc/bind/named.conf.options <<'CONF'
options {
  directory "/var/cache/bind";
  listen-on port 5353 { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
};
CONF
  cat >/etc/unbound/unbound.conf.d/load.conf <<'CONF'
server:
  do-not-query-localhost: no
  domain-insecure: "test"
  local-zone: "test." nodefault
  local-data: "local.home. A 192.0.2.2"
stub-zone:
  name: "example.test"
  stub-addr: 127.0.0.1@5353
CONF
  systemctl start named.service
}

load() {
  answers 'has address 192.0.2.2' host local.home 127.0.0.1
  answers 'has address 192.0.2.1' host www.example.test 127.0.0.1
  answers 'has address 192.0.2.9' host "$$-$(date +%N).example.test" 127.0.0.1
}

other_load() {
  answers 'has address 192.0.2.2' host -T local.home 127.0.0.1
  answers 'NXDOMAIN' host none.home.arpa 127.0.0.1
  answers 'version:' unbound-control status
  answers 'ok' unbound-control flush www.example.test
  answers 'has address 192.0.2.1' host -T www.example.test 127.0.0.1
}

run "$@"
