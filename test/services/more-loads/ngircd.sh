#!/bin/sh
# ngircd: two people on a channel.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=ngircd.service

prepare() {
  sed -i 's/^[#;[:space:]]*PAM = .*/PAM = no/; s/^[#;[:space:]]*Listen = .*/Listen = 127.0.0.1/' /etc/ngircd/ngircd.conf
}

# irc NICK LINES...
irc() {
  nick=$1
  shift
  { printf 'NICK %s\r\nUSER %s 0 * :x\r\n' "$nick" "$nick"; sleep 1; printf '%s\r\n' "$@"; sleep 1; printf 'QUIT\r\n'; } |
    curl -sS --max-time 5 telnet://127.0.0.1:6667
}

load() {
  answers ' 001 one ' irc one 'JOIN #room'
}

other_load() {
  irc listener 'JOIN #room' 'PING x' >/tmp/heard 2>&1 &
  sleep 0.5
  answers ' 366 ' irc talker 'JOIN #room' 'PRIVMSG #room :hello'
  wait
  answers ' 001 listener ' cat /tmp/heard
}

run "$@"
