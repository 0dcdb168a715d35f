#!/bin/sh
# redis: values, lists, an expiry, a snapshot.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=redis-server.service

load() {
  answers '^OK' redis-cli set key value
  answers '^value' redis-cli get key
  answers '^[0-9]' redis-cli lpush list 1 2 3
  answers 'Background saving started' redis-cli bgsave
  answers 'requests per second' redis-benchmark -q -c 20 -n 2000 -t get,set
}

other_load() {
  answers '^OK' redis-cli set short lived px 100
  answers '^[0-9]' redis-cli zadd ranks 1 one 2 two
  answers '^two' redis-cli zrange ranks 0 0 rev
  answers 'started|already' redis-cli bgrewriteaof
  answers '^lua' redis-cli eval 'return "lua"' 0
  answers 'requests per second' redis-benchmark -q -c 20 -n 2000 -t incr,lpush,sadd
  answers '^$' redis-cli get short
}

rotate() {
  rotated redis-server
}

run "$@"
