#!/bin/sh
# memcached: values are stored, changed and read, by many connections.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=memcached.service

# talk LINES...
talk() {
  {
    printf '%s\r\n' "$@"
    echo quit
  } | curl -sS telnet://127.0.0.1:11211
}

load() {
  answers 'a value' talk 'set key 0 0 7' 'a value' 'get key'
  for _ in 1 2 3 4 5 6 7 8; do talk 'get key' >/dev/null & done
  wait
}

other_load() {
  answers 'VALUE other 0 2' talk 'set other 0 1 1' x 'append other 0 0 1' y 'get other'
  answers '^6' talk 'set number 0 0 1' 5 'incr number 1'
  answers 'STAT threads' talk stats 'stats items' 'stats slabs'
  answers 'OK' talk 'flush_all'
  answers 'END' talk 'get key'
}

run "$@"
