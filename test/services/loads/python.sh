#!/bin/sh
# Python: its web server, under a user made for it.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=python-web.service

prepare() {
  write_folder
  cat >/etc/systemd/system/$unit <<'UNIT'
[Service]
ExecStart=/usr/bin/python3 -m http.server 8000 --bind 127.0.0.1 --directory /srv/web
DynamicUser=yes
UNIT
  systemctl daemon-reload
}

load() { browse_folder; }
other_load() { fetch_files 10 100; }

run "$@"
