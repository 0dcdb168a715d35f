#!/bin/sh
# chrony: serves time, and tells of it. It leaves the clock alone (-x), and starts without the right to set it: a clock is no
# machine's to throw away.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=chrony.service

prepare() {
  mkdir -p /etc/systemd/system/chrony.service.d
  printf '[Unit]\nConditionCapability=\n' >/etc/systemd/system/chrony.service.d/load.conf
  systemctl daemon-reload
  echo 'DAEMON_OPTS="-F 1 -x"' >/etc/default/chrony
  printf 'allow 127.0.0.1\nlocal stratum 8\nserver 127.0.0.1 port 12300 iburst\n' >/etc/chrony/conf.d/load.conf
}

# Asks for the time, and prints the year of the answer.
ask() {
  python3 - <<'PY'
import socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
s.sendto(b'\x23' + 47 * b'\0', ('127.0.0.1', 123))
print(time.gmtime(struct.unpack('!I', s.recv(48)[40:44])[0] - 2208988800).tm_year)
PY
}

load() {
  answers '^Reference ID' chronyc tracking
  answers 'MS Name' chronyc sources
  answers '^20[0-9][0-9]$' ask
}

other_load() {
  answers '^[0-9]+ sources online' chronyc activity
  answers 'NTP packets received' chronyc serverstats
  answers '200 OK' chronyc burst 1/2
  answers '^20[0-9][0-9]$' ask
  answers '^(127.0.0.1|localhost)' chronyc clients
}

rotate() {
  rotated chrony
}

run "$@"
