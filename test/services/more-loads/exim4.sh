#!/bin/sh
# exim4: local mail by SMTP and by sendmail(1), the queue.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=exim4.service

prepare() {
  id reader >/dev/null 2>&1 || useradd --create-home reader
  echo localhost >/etc/mailname
  update-exim4.conf
}

load() {
  word=$(date +%s%N)
  smtp "$word" reader@localhost || fail 'SMTP fails'
  arrives "$word"
}

other_load() {
  word=$(date +%s%N)
  { printf 'Subject: local%s\n\n' "$word" && head -c 100000 /dev/urandom | base64; } | sendmail reader@localhost
  arrives "local$word"
  answers '^[0-9]' exim4 -bpc
}

rotate() {
  rotated exim4-base
}

run "$@"
