#!/bin/sh
# prometheus-node-exporter, a Go program: all metrics, and some of them.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=prometheus-node-exporter.service

load() {
  answers '^node_memory_MemTotal_bytes [1-9]' curl -sS http://127.0.0.1:9100/metrics
  answers 'Node Exporter' curl -sS http://127.0.0.1:9100/
}

other_load() {
  answers '^node_load1 ' curl -sS 'http://127.0.0.1:9100/metrics?collect[]=loadavg'
  answers 'Content-Encoding: gzip' curl -sS -o /dev/null -D - -H 'Accept-Encoding: gzip' http://127.0.0.1:9100/metrics
  answers '404|Node Exporter' curl -sS -i http://127.0.0.1:9100/none
  answers 'Failed requests: +0' ab -q -l -c 10 -n 50 http://127.0.0.1:9100/metrics
}

# The unit sends it SIGHUP, which ends it.
reload() { :; }

run "$@"
