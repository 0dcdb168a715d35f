#!/bin/sh
# prometheus, a Go program: it watches itself, and answers queries.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=prometheus.service

load() {
  answers 'Ready' curl -sS http://127.0.0.1:9090/-/ready
  answers 'success' curl -sS 'http://127.0.0.1:9090/api/v1/query?query=up'
}

other_load() {
  answers 'success' curl -sS 'http://127.0.0.1:9090/api/v1/label/__name__/values'
  answers '^go_goroutines' curl -sS http://127.0.0.1:9090/metrics
  answers 'Failed requests: +0' ab -q -l -c 10 -n 50 http://127.0.0.1:9090/metrics
}

run "$@"
