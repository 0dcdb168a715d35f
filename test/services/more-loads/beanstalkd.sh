#!/bin/sh
# beanstalkd: jobs are put, taken and deleted.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=beanstalkd.service

# talk LINES...
talk() {
  printf '%s\r\n' "$@" quit | curl -sS --max-time 5 telnet://127.0.0.1:11300
}

load() {
  answers '^INSERTED' talk 'put 0 0 60 5' hello
  answers '^hello' talk reserve
}

other_load() {
  answers '^USING other' talk 'use other' 'put 0 0 60 5' other
  answers 'total-jobs: [1-9]' talk stats
  answers '^other' talk 'watch other' reserve 'delete 1'
}

run "$@"
