#!/bin/sh
# cups: a printer of its own kind, which is a program as each is.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=cups.service

prepare() {
  install -d -m 1777 /srv/printed
  cat >/usr/lib/cups/backend/load <<'BACKEND'
#!/bin/sh
[ $# -gt 0 ] || exit 0
cat "${6:--}" >"/srv/printed/${DEVICE_URI#load:}"
BACKEND
  chmod 755 /usr/lib/cups/backend/load
  systemctl start cups.service
  lpadmin -p printer -E -v load:printer
}

# printed PRINTER FILE: what the printer gets.
printed() {
  rm -f "/srv/printed/$1"
  lp -d "$1" "$2" >/dev/null
  for _ in 1 2 3 4; do [ -e "/srv/printed/$1" ] || sleep 0.5; done
  cat "/srv/printed/$1"
}

load() {
  answers '^ssh\s' printed printer /etc/services
  answers 'printer .*idle|printer .*printing' lpstat -p printer
}

other_load() {
  answers '^root' printed printer /etc/passwd
  answers 'scheduler is running' lpstat -r
  answers '^made' sh -c 'lpadmin -p other -E -v load:other && echo made'
  answers 'device for other' lpstat -v
}

rotate() {
  rotated cups-daemon
}

run "$@"
