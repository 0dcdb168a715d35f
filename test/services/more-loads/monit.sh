#!/bin/sh
# monit: watches a file and a program, by its page and its tool.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=monit.service

prepare() {
  sed -i 's/set daemon .*/set daemon 2/' /etc/monit/monitrc
  cat >/etc/monit/conf.d/load <<'CONF'
set httpd port 2812 and
  use address 127.0.0.1
  allow 127.0.0.1
check file passwd with path /etc/passwd
check program hello with path /bin/true
  if status != 0 then alert
CONF
}

load() {
  answers 'passwd' monit summary
  answers 'Monit' curl -sS http://127.0.0.1:2812/
}

other_load() {
  monit validate >/dev/null 2>&1 || :
  answers "Program 'hello'" monit status hello
  answers 'OK' monit status hello
}

rotate() {
  rotated monit
}

run "$@"
