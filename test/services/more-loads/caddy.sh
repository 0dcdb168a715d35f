#!/bin/sh
# caddy, a Go program: pages, and a page of its own.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=caddy.service

prepare() {
  write_pages
  printf ':80 {\n\troot * /var/www/html\n\tencode gzip\n\trespond /hello hello\n\tfile_server\n}\n' >/etc/caddy/Caddyfile
}

load() {
  answers 'front page' curl -sS http://127.0.0.1/
  answers '^hello' curl -sS http://127.0.0.1/hello
  answers '^3000000$' curl -sS -o /dev/null -w '%{size_download}\n' http://127.0.0.1/large
}

other_load() {
  answers 'Content-Encoding: gzip' curl -sS -o /dev/null -D - -H 'Accept-Encoding: gzip' http://127.0.0.1/
  answers '404' curl -sS -i http://127.0.0.1/none
  answers 'Failed requests: +0' ab -q -c 20 -n 200 http://127.0.0.1/
}

run "$@"
