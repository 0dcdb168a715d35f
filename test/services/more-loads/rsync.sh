#!/bin/sh
# rsync: folders are listed, fetched and sent.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=rsync.service

prepare() {
  mkdir -p /srv/module/folder
  cp /etc/services /srv/module
  chown -R nobody /srv/module
  printf '[module]\n  path = /srv/module\n  read only = no\n' >/etc/rsyncd.conf
}

load() {
  answers 'services' rsync rsync://127.0.0.1/module/
  answers '^fetched' sh -c 'rm -rf /tmp/fetched; rsync -a rsync://127.0.0.1/module/ /tmp/fetched/ && cmp /etc/services /tmp/fetched/services && echo fetched'
}

other_load() {
  answers '^module' rsync rsync://127.0.0.1/
  answers '^sent' sh -c 'rsync -r /etc/ssl rsync://127.0.0.1/module/folder/ && echo sent'
  answers 'Unknown module' rsync rsync://127.0.0.1/none/
}

run "$@"
