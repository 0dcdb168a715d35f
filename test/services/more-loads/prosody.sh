#!/bin/sh
# prosody: a stream of XMPP, an account, and its tools.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=prosody.service

prepare() {
  prosodyctl register reader localhost secret
}

# stream HOST: what it offers.
stream() {
  { printf "<?xml version='1.0'?><stream:stream to='%s' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>" "$1"; sleep 1; } |
    curl -sS --max-time 5 telnet://127.0.0.1:5222
}

load() {
  answers 'stream:features' stream localhost
}

other_load() {
  answers 'host-unknown' stream none.test
  answers 'is running' prosodyctl status
}

rotate() {
  rotated prosody
}

run "$@"
