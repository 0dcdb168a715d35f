#!/bin/sh
# syslog-ng: messages of several facilities.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=syslog-ng.service

load() {
  logged /var/log/syslog
  logged /var/log/auth.log -p auth.info
}

other_load() {
  logged /var/log/mail.log -p mail.info
  logged /var/log/syslog -p daemon.err -t load
}

rotate() {
  rotated syslog-ng
  logged /var/log/syslog
}

run "$@"
