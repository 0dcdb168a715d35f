#!/bin/sh
# fail2ban: addresses in a log are banned, by a command.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=fail2ban.service

prepare() {
  touch /var/log/load.log
  printf '[Definition]\nactionban = echo <ip> >>/srv/banned\nactionunban = sed -i /<ip>/d /srv/banned\n' >/etc/fail2ban/action.d/load.conf
  printf '[Definition]\nfailregex = ^.* bad <HOST>$\n' >/etc/fail2ban/filter.d/load.conf
  rm -f /etc/fail2ban/jail.d/defaults-debian.conf
  cat >/etc/fail2ban/jail.local <<'CONF'
[load]
enabled = true
backend = polling
logpath = /var/log/load.log
filter = load
action = load
maxretry = 2
bantime = 600
CONF
}

# banned ADDRESS: by what is in the log.
banned() {
  for _ in 1 2 3; do printf '%s bad %s\n' "$(date '+%Y-%m-%d %H:%M:%S')" "$1" >>/var/log/load.log; done
  answers "^$1\$" cat /srv/banned
  fail2ban-client set load unbanip "$1" >/dev/null
}

load() {
  answers 'pong' fail2ban-client ping
  banned "192.0.2.$(($(date +%s) % 250 + 1))"
}

other_load() {
  answers 'File list' fail2ban-client status load
  answers '^1' fail2ban-client set load banip 198.51.100.7
  answers '^198.51.100.7' cat /srv/banned
  fail2ban-client set load unbanip 198.51.100.7 >/dev/null
}

rotate() {
  rotated fail2ban
}

run "$@"
