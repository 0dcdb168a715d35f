#!/bin/sh
# gpsd: clients watch receivers, which are pseudo-terminals behind symbolic links.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=gpsd.service

# receiver LINK: sends sentences of a place and its time, four times a second.
receiver() {
  cat >/usr/local/bin/receiver <<'PYTHON'
import os, sys, threading, time, tty
from functools import reduce
link = sys.argv[1]
master, slave = os.openpty()
tty.setraw(slave)
os.chmod(os.ttyname(slave), 0o666)
if os.path.islink(link):
    os.unlink(link)
os.symlink(os.ttyname(slave), link)
def read():  # what gpsd sends to find out the receiver's type
    while True:
        os.read(master, 1000)
threading.Thread(target=read, daemon=True).start()
while True:
    now = time.time()
    clock = time.strftime('%H%M%S', time.gmtime(now)) + '.%02d' % (now % 1 * 100)
    date = time.strftime('%d%m%y', time.gmtime(now))
    for sentence in (
        f'GPRMC,{clock},A,5230.000,N,01324.000,E,000.0,360.0,{date},,,A',
        f'GPGGA,{clock},5230.000,N,01324.000,E,1,08,0.9,34.0,M,46.9,M,,',
        'GPGSA,A,3,04,05,09,12,24,25,29,31,,,,,1.8,0.9,1.5',
    ):
        os.write(master, f'${sentence}*{reduce(lambda a, b: a ^ ord(b), sentence, 0):02X}\r\n'.encode())
    time.sleep(0.25)
PYTHON
  systemctl stop "${1##*/}.service" 2>/dev/null || :
  systemd-run --quiet --unit="${1##*/}" python3 /usr/local/bin/receiver "$1"
  until [ -e "$1" ]; do sleep 0.1; done
}

prepare() {
  receiver /tmp/gps0
  sed -i 's|^DEVICES=.*|DEVICES="/tmp/gps0"|' /etc/default/gpsd
}

# ask REQUEST: what comes in three seconds.
ask() {
  { echo "$1" && sleep 3; } | timeout 5 nc 127.0.0.1 2947
}

load() {
  answers '"class":"TPV".*/tmp/gps0.*"mode":3' ask '?WATCH={"enable":true,"json":true};'
  answers '"class":"VERSION"' ask '?VERSION;'
}

# Another receiver comes and goes, as hotplug scripts have it, and the first one comes back with another number.
other_load() {
  answers '^.GPGGA' ask '?WATCH={"enable":true,"nmea":true};'
  answers '"class":"POLL"' ask '?WATCH={"enable":true};?POLL;'
  answers '"driver":"NMEA0183"' ask '?WATCH={"enable":true,"json":true};?DEVICES;'
  receiver /tmp/gps1
  gpsdctl add /tmp/gps1 || fail 'no receiver comes'
  answers '"class":"TPV".*/tmp/gps1.*"mode":3' ask '?WATCH={"enable":true,"json":true,"device":"/tmp/gps1"};'
  gpsdctl remove /tmp/gps1 || fail 'the receiver stays'
  at_once 20 watched
}

watched() {
  ask '?WATCH={"enable":true,"json":true};' | grep -q '"class":"TPV"'
}

run "$@"
