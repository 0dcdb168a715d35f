#!/bin/sh
# freeradius: people who may, and such as may not.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=freeradius.service

prepare() {
  sed -i '1i reader Cleartext-Password := "secret"\n' /etc/freeradius/3.0/mods-config/files/authorize
}

# asked PASSWORD [TYPE]
asked() {
  radtest ${2+-t "$2"} reader "$1" 127.0.0.1 0 testing123
}

load() {
  answers 'Access-Accept' asked secret
}

other_load() {
  answers 'Access-Reject' asked wrong
  answers 'Access-Accept' asked secret chap
  answers 'Access-Accept' asked secret mschap
}

rotate() {
  rotated freeradius
}

run "$@"
