#!/bin/sh
# snmpd: the tree of the system, and of the host.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=snmpd.service

prepare() {
  echo 'rocommunity load 127.0.0.1' >/etc/snmp/snmpd.conf.d/load.conf
}

# walk OID
walk() {
  snmpwalk -v2c -c load 127.0.0.1 "$1"
}

load() {
  answers 'Linux' walk .1.3.6.1.2.1.1
  answers 'lo' walk .1.3.6.1.2.1.2.2.1.2
}

other_load() {
  answers 'systemd' walk .1.3.6.1.2.1.25.4.2.1.2
  answers '[1-9]' walk .1.3.6.1.2.1.25.2.3.1.5
  answers 'Timeout' snmpget -r 0 -v2c -c wrong 127.0.0.1 .1.3.6.1.2.1.1.1.0
}

run "$@"
