#!/bin/sh
# rsyslog: messages of several facilities.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=rsyslog.service

load() {
  logged /var/log/syslog
  logged /var/log/auth.log -p auth.info
  logged /var/log/syslog -p daemon.err -t load
}

other_load() {
  logged /var/log/mail.log -p mail.info
  logged /var/log/user.log -p user.warning
  logged /var/log/cron.log -p cron.info -t cron -i
  for _ in 1 2 3 4 5 6 7 8 9; do logger -p local0.info "$(head -c 700 /dev/zero | tr '\000' x)"; done
  logged /var/log/syslog -p local3.emerg
}

rotate() {
  rotated rsyslog
  logged /var/log/syslog
}

run "$@"
