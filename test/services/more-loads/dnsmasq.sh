#!/bin/sh
# dnsmasq: names of its own, over UDP and TCP.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=dnsmasq.service

prepare() {
  cat >/etc/dnsmasq.d/load.conf <<'CONF'
no-resolv
listen-address=127.0.0.1
bind-interfaces
address=/home.test/192.0.2.1
txt-record=text.test,hello
CONF
}

load() {
  answers 'has address 192.0.2.1' host www.home.test 127.0.0.1
  answers 'hello' host -t txt text.test 127.0.0.1
}

other_load() {
  answers 'has address 192.0.2.1' host -T other.home.test 127.0.0.1
  answers 'REFUSED|NXDOMAIN' host none.example 127.0.0.1
}

# A script for files that it has sent by TFTP: a process of its own starts it.
prepare_programs() {
  mkdir -p /srv/tftp
  echo file >/srv/tftp/file
  # shellcheck disable=SC2016
  printf '#!/bin/sh\n[ "$1" != tftp ] || echo started >/run/program\n' >/usr/local/bin/program
  chmod 755 /usr/local/bin/program
  printf 'enable-tftp\ntftp-root=/srv/tftp\ndhcp-script=/usr/local/bin/program\n' >/etc/dnsmasq.d/program.conf
}

fetched() {
  rm -f /run/program
  curl -sS --max-time 10 -o /dev/null tftp://127.0.0.1/file
  for _ in 1 2 3 4 5 6; do
    ! cat /run/program 2>/dev/null || return 0
    sleep 0.5
  done
}

start_program() {
  try_start journal fetched
}

run "$@"
