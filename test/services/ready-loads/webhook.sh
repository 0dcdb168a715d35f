#!/bin/sh
# webhook, in Go: a server that starts programs, of which one is asked for and the other never fits.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=webhook.service
server=http://127.0.0.1:9000

prepare() {
  cat >/etc/webhook.conf <<'JSON'
[
  { "id": "program", "execute-command": "/usr/local/bin/program", "include-command-output-in-response": true },
  { "id": "never", "execute-command": "/usr/local/bin/program",
    "trigger-rule": { "match": { "type": "value", "value": "1", "parameter": { "source": "url", "name": "x" } } } }
]
JSON
  mkdir -p /etc/systemd/system/$unit.d
  cat >/etc/systemd/system/$unit.d/log.conf <<'UNIT'
[Service]
Environment=GOGC=10 GODEBUG=gctrace=1
ExecStart=
ExecStart=/usr/bin/webhook -nopanic -verbose -hooks /etc/webhook.conf
UNIT
  log_all
}

load() {
  answers '^OK' curl -sS --retry 5 --retry-connrefused $server/
  answers 'not satisfied' curl -sS $server/hooks/never
}

other_load() {
  answers 'not satisfied' curl -sS --retry 5 --retry-connrefused -d x=2 $server/hooks/never
  answers 'not found' curl -sS $server/hooks/none
}

collect() {
  from_now
  for _ in 1 2 3 4 5 6 7 8; do curl -sS -o /dev/null "$server/hooks/never?[1-100]"; done
  answers '^gc [0-9]+ ' told
}

prepare_programs() { write_program; }

start_program() {
  try_start journal curl -sS $server/hooks/program
}

run "$@"
