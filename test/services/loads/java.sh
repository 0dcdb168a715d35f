#!/bin/sh
# Java: the web server of its own modules.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=java-web.service

prepare() {
  mkdir -p /srv/web/folder
  echo hello >/srv/web/x
  head -c 3000000 /dev/urandom >/srv/web/large
  cat >/etc/systemd/system/$unit <<'UNIT'
[Service]
ExecStart=/usr/bin/java -m jdk.httpserver -b 127.0.0.1 -p 8000 -d /srv/web
SuccessExitStatus=143
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
  answers 'Failed requests: +0' ab -q -c 20 -n 200 http://127.0.0.1:8000/x
}

run "$@"
