#!/bin/sh
# tor: asked by its control port, and by a client of its SOCKS port. It has no network.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=tor@default.service

prepare() {
  printf 'CookieAuthentication 0\nControlPort 9051\nSocksPort 9050\nDNSPort 9053\nAutomapHostsOnResolve 1\n' >>/etc/tor/torrc
}

# control LINES...
control() {
  printf '%s\r\n' 'AUTHENTICATE ""' "$@" QUIT | curl -sS --max-time 5 telnet://127.0.0.1:9051
}

load() {
  answers 'version=' control 'GETINFO version'
  answers 'has address 127' host -p 9053 x.onion 127.0.0.1
}

other_load() {
  answers 'net/listeners/socks=.*9050' control 'GETINFO net/listeners/socks'
  answers '250 OK' control 'SETCONF MaxCircuitDirtiness=700'
  answers '250-ServiceID=|512|55' control 'ADD_ONION NEW:BEST Port=80'
}

rotate() {
  rotated tor
}

run "$@"
