#!/bin/sh
# stunnel: TLS in front of lighttpd.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=stunnel@load.service

prepare() {
  write_pages
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout /etc/stunnel/key.pem -out /etc/stunnel/cert.pem 2>/dev/null
  printf 'foreground = yes\n[web]\naccept = 127.0.0.1:8443\nconnect = 127.0.0.1:80\ncert = /etc/stunnel/cert.pem\nkey = /etc/stunnel/key.pem\n' >/etc/stunnel/load.conf
  systemctl start lighttpd.service
}

load() {
  answers 'front page' curl -sSk https://127.0.0.1:8443/index.html
  answers '^3000000$' curl -sSk -o /dev/null -w '%{size_download}\n' https://127.0.0.1:8443/large
}

other_load() {
  answers 'TLSv1.2' curl -sSkv --tls-max 1.2 -o /dev/null https://127.0.0.1:8443/index.html
  answers 'Failed requests: +0' ab -q -c 10 -n 50 https://127.0.0.1:8443/index.html
}

run "$@"
