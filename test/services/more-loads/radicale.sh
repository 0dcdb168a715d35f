#!/bin/sh
# radicale, in Python: a calendar is made, filled and read.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=radicale.service

prepare() {
  install -d -o radicale -g radicale /var/lib/radicale/collections
  printf '[auth]\ntype = none\n' >/etc/radicale/config
  cat >/tmp/event.ics <<'ICS'
BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:one
DTSTAMP:20260101T000000Z
DTSTART:20260101T000000Z
SUMMARY:hello
END:VEVENT
END:VCALENDAR
ICS
}

load() {
  answers '20[17]|40[59]' curl -sS --retry 5 --retry-connrefused -o /dev/null -w '%{http_code}\n' -u reader:x -X MKCALENDAR http://127.0.0.1:5232/reader/calendar
  answers '20[14]' curl -sS -o /dev/null -w '%{http_code}\n' -u reader:x -T /tmp/event.ics http://127.0.0.1:5232/reader/calendar/one.ics
  answers 'SUMMARY:hello' curl -sS -u reader:x http://127.0.0.1:5232/reader/calendar/one.ics
}

other_load() {
  answers '207' curl -sS --retry 5 --retry-connrefused -i -u reader:x -X PROPFIND -H 'Depth: 1' http://127.0.0.1:5232/reader/calendar
  answers '404' curl -sS -i -u reader:x http://127.0.0.1:5232/reader/none.ics
}

run "$@"
