#!/bin/sh
# avahi-daemon: publishes a service, finds it, and resolves names.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=avahi-daemon.service

prepare() {
  ip link set lo multicast on
  sed -i 's/^#*allow-interfaces=.*/allow-interfaces=lo/' /etc/avahi/avahi-daemon.conf
}

# published NAME: publishes a service, and prints what is found.
published() {
  avahi-publish -s "$1" _http._tcp 80 >/dev/null 2>&1 &
  publisher=$!
  sleep 1.5
  avahi-browse -t -p _http._tcp
  kill "$publisher"
}

load() {
  answers ';one' published one
}

other_load() {
  answers '127.0.0.1' avahi-resolve -4 -n "$(cat /proc/sys/kernel/hostname).local"
  answers ';other' published other
}

run "$@"
