#!/bin/sh
# nrpe: checks, which are programs.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=nagios-nrpe-server.service

prepare() {
  printf 'command[hello]=/bin/echo hello\ncommand[users]=/usr/bin/id -un\n' >/etc/nagios/nrpe.d/load.cfg
}

# check NAME
check() {
  /usr/lib/nagios/plugins/check_nrpe -H 127.0.0.1 -c "$1"
}

load() {
  answers '^hello' check hello
}

other_load() {
  answers '^nagios' check users
  answers 'not defined' check none
}

run "$@"
