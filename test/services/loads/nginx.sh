#!/bin/sh
# nginx: pages small and large, parts of them, and one that isn't there.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=nginx.service

prepare() {
  write_pages
}

load() {
  answers 'front page' curl -sS http://127.0.0.1/ http://localhost/
  answers '404 Not Found' curl -sS http://127.0.0.1/none
  answers '^3000000$' curl -sS -o /dev/null -w '%{size_download}\n' http://127.0.0.1/large
}

other_load() {
  answers 'Content-Encoding: gzip' curl -sS --head -H 'Accept-Encoding: gzip' http://127.0.0.1/
  answers '^100$' curl -sS -o /dev/null -r 100-199 -w '%{size_download}\n' http://127.0.0.1/large
  answers '405 Not Allowed' curl -sS -d "$(head -c 40000 /dev/zero | tr '\000' x)" http://127.0.0.1/
}

rotate() {
  rotated nginx
  answers ' 404 ' sh -c 'curl -sS http://127.0.0.1/rotated >/dev/null; sleep 0.2; cat /var/log/nginx/access.log'
}

run "$@"
