#!/bin/sh
# cron: a job of a user each minute, and one of the system.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=cron.service

prepare() {
  id reader >/dev/null 2>&1 || useradd --create-home --shell /bin/bash reader
  install -d -m 1777 /srv/jobs
  echo '* * * * * date +\%s >/srv/jobs/reader; date +\%s >~/ran' | crontab -u reader -
  printf '* * * * * root date +\\%%s >/srv/jobs/root\n' >/etc/cron.d/load
}

# ran FILE: a job has run since this was called; it may take a minute.
ran() {
  began=$(date +%s)
  for _ in $(seq 70); do
    [ "$(cat "$1" 2>/dev/null || echo 0)" -lt "$began" ] || return 0
    sleep 1
  done
  fail "no job has written $1"
}

load() {
  ran /srv/jobs/reader
  [ "$(cat ~reader/ran)" -gt 0 ]
}

other_load() {
  ran /srv/jobs/root
}

run "$@"
