#!/bin/sh
# privoxy: pages of lighttpd, and one of its own.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=privoxy.service
proxy=http://127.0.0.1:8118

prepare() {
  write_pages
  systemctl start lighttpd.service
}

load() {
  answers 'front page' get http://127.0.0.1/index.html
  answers '^3000000$' get -o /dev/null -w '%{size_download}\n' http://127.0.0.1/large
}

other_load() {
  answers 'Privoxy' get http://config.privoxy.org/
  answers '503|404' get -i http://127.0.0.1:8081/
}

rotate() {
  rotated privoxy
}

run "$@"
