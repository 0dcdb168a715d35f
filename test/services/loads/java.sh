#!/bin/sh
# Java: the web server of its own modules.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=java-web.service

prepare() {
  write_folder
  cat >/etc/systemd/system/$unit <<'UNIT'
[Service]
ExecStart=/usr/bin/java -m jdk.httpserver -b 127.0.0.1 -p 8000 -d /srv/web
SuccessExitStatus=143
DynamicUser=yes
UNIT
  systemctl daemon-reload
}

load() { browse_folder; }
other_load() { fetch_files 20 200; }

run "$@"
