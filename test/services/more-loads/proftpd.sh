#!/bin/sh
# proftpd: people log in with a password, and get and put files in their homes.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=proftpd.service

prepare() {
  id reader >/dev/null 2>&1 || useradd --create-home --shell /bin/bash reader
  echo reader:secret | chpasswd
}

# ftp WORDS...
ftp() {
  curl -sS --max-time 20 -u reader:secret "$@"
}

load() {
  answers '^put' sh -c 'curl -sS --max-time 20 -u reader:secret -T /etc/services ftp://127.0.0.1/put && echo put'
  answers '^ssh\s' ftp ftp://127.0.0.1/put
}

other_load() {
  answers '530|denied' curl -sS --max-time 20 -u reader:wrong ftp://127.0.0.1/
  answers ' put$' ftp ftp://127.0.0.1/
  answers '^ssh\s' ftp --disable-epsv ftp://127.0.0.1/put
  answers '^ssh\s' ftp -P 127.0.0.1 ftp://127.0.0.1/put
}

rotate() {
  rotated proftpd-core
}

run "$@"
