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

prepare_programs() {
  write_cgi
  cp -r /usr/lib/cgi-bin /srv/web/
  mkdir -p /srv/python
  printf 'import gc\ngc.set_threshold(9)\ngc.set_debug(gc.DEBUG_STATS)\n' >/srv/python/sitecustomize.py
  sed -i 's|http.server|& --cgi|; $a Environment=PYTHONPATH=/srv/python' /etc/systemd/system/$unit
  log_all
}

start_program() {
  try_start journal curl -sS http://127.0.0.1:8000/cgi-bin/program
}

collect() {
  from_now
  curl -sS -o /dev/null 'http://127.0.0.1:8000/x?[1-20]'
  answers 'collecting generation' told
}

run "$@"
