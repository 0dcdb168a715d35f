#!/bin/sh
# tinyproxy: pages of lighttpd, and one that it must not get.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=tinyproxy.service
proxy=http://127.0.0.1:8888

prepare() {
  write_pages
  systemctl start lighttpd.service
}

load() {
  answers 'front page' get http://127.0.0.1/index.html
  answers '^3000000$' get -o /dev/null -w '%{size_download}\n' http://127.0.0.1/large
}

other_load() {
  answers '404' get -i http://127.0.0.1/none
  answers 'Unable to connect|500' get -i http://127.0.0.1:8081/
  answers 'front page' get -p http://127.0.0.1/index.html
}

rotate() {
  rotated tinyproxy
}

run "$@"
