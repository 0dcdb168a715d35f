#!/bin/sh
# prometheus-redis-exporter, a Go program beside redis-server: metrics of it, and of one that isn't there.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=prometheus-redis-exporter.service

prepare() { systemctl start redis-server.service; }

load() {
  answers '^redis_up 1' curl -sS --retry 5 --retry-connrefused http://127.0.0.1:9121/metrics
  answers '^redis_connected_clients [1-9]' curl -sS http://127.0.0.1:9121/metrics
}

other_load() {
  answers '^redis_up 1' curl -sS --retry 5 --retry-connrefused 'http://127.0.0.1:9121/scrape?target=redis://127.0.0.1:6379'
  answers '^redis_up 0' curl -sS 'http://127.0.0.1:9121/scrape?target=redis://127.0.0.1:1'
  answers 'Failed requests: +0' ab -q -l -c 5 -n 30 http://127.0.0.1:9121/metrics
}

# The unit sends it SIGHUP, which ends it.
reload() { :; }

run "$@"
