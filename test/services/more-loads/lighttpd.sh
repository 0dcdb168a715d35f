#!/bin/sh
# lighttpd: pages small and large, parts of them, and one that is not there.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=lighttpd.service

prepare() {
  write_pages
}

load() {
  answers 'front page' curl -sS http://127.0.0.1/index.html
  answers '404 Not Found' curl -sS http://127.0.0.1/none
  answers '^3000000$' curl -sS -o /dev/null -w '%{size_download}\n' http://127.0.0.1/large
}

other_load() {
  answers '^100$' curl -sS -o /dev/null -r 100-199 -w '%{size_download}\n' http://127.0.0.1/large
  answers 'Failed requests: +0' ab -q -c 20 -n 200 http://127.0.0.1/index.html
}

rotate() {
  rotated lighttpd
}

prepare_programs() {
  lighty-enable-mod cgi >/dev/null
  write_cgi
}

start_program() {
  try_start /var/log/lighttpd/error.log curl -sS http://127.0.0.1/cgi-bin/program
}

run "$@"
