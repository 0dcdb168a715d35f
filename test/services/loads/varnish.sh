#!/bin/sh
# varnish in front of nginx: pages from the cache and past it, a purge, its tools.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=varnish.service

prepare() {
  sed -i 's/listen 80 /listen 8080 /; s/listen \[::\]:80 /listen [::]:8080 /' /etc/nginx/sites-enabled/default
  write_pages
  systemctl restart nginx.service
}

load() {
  answers 'front page' curl -sS http://127.0.0.1:6081/
  answers '404 Not Found' curl -sS http://127.0.0.1:6081/none
  answers '^3000000$' curl -sS -o /dev/null -w '%{size_download}\n' http://127.0.0.1:6081/large
}

other_load() {
  answers '[Vv]ia: .*[Vv]arnish' curl -sS --head http://127.0.0.1:6081/
  answers '405' curl -sS -d x=y http://127.0.0.1:6081/
  answers '^100$' curl -sS -o /dev/null -r 100-199 -w '%{size_download}\n' http://127.0.0.1:6081/large
  answers '^PONG' varnishadm ping
  answers '^$' varnishadm ban req.url '~' /
  answers 'MAIN.uptime' varnishstat -1
  answers 'Failed requests: +0' ab -q -c 20 -n 200 http://127.0.0.1:6081/
}

rotate() {
  [ ! -e /etc/logrotate.d/varnish ] || rotated varnish
}

run "$@"
