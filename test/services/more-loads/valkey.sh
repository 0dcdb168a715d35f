#!/bin/sh
# valkey: values, lists, a snapshot.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=valkey-server.service

load() {
  answers '^OK' valkey-cli set key value
  answers '^value' valkey-cli get key
  answers 'started|already' valkey-cli bgsave
}

other_load() {
  answers '^[0-9]' valkey-cli zadd ranks 1 one 2 two
  answers 'started|already|scheduled' valkey-cli bgrewriteaof
  answers '^lua' valkey-cli eval 'return "lua"' 0
  answers 'requests per second' valkey-benchmark -q -c 20 -n 2000 -t incr,lpush,sadd
}

rotate() {
  rotated valkey-server
}

run "$@"
