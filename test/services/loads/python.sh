#!/bin/sh
# Python: its web server, under a user made for it.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=python-web.service

prepare() {
  mkdir -p /srv/web/folder
  echo hello >/srv/web/x
  head -c 3000000 /dev/urandom >/srv/web/large
  cat >/etc/systemd/system/$unit <<'UNIT'
[Service]
ExecStart=/usr/bin/python3 -m http.server 8000 --bind 127.0.0.1 --directory /srv/web
DynamicUser=yes
UNIT
  systemctl daemon-reload
}

load() {
  answers '^hello' curl -sS --retry 5 --retry-connrefused http://127.0.0.1:8000/x
  answers 'Directory listing' curl -sS http://127.0.0.1:8000/
}

other_load() {
  answers '404' curl -sS --retry 5 --retry-connrefused -i http://127.0.0.1:8000/none
  answers '^3000000$' curl -sS -o /dev/null -w '%{size_download}\n' http://127.0.0.1:8000/large
  answers '200 OK' curl -sS --head http://127.0.0.1:8000/folder/
  answers 'Failed requests: +0' ab -q -c 10 -n 100 http://127.0.0.1:8000/x
}

run "$@"
