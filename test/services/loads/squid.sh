#!/bin/sh
# squid: pages of nginx, with and without the cache, and one that it must not get.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=squid.service
proxy=http://127.0.0.1:3128

prepare() {
  write_pages
  systemctl start nginx.service
}

load() {
  answers 'front page' get http://127.0.0.1/
  answers '404 Not Found' get http://127.0.0.1/none
  answers '^3000000$' get -o /dev/null -w '%{size_download}\n' http://127.0.0.1/large
}

other_load() {
  answers 'Via: .*squid' get --head http://127.0.0.1/
  answers 'ERR_ACCESS_DENIED|Access Denied' get -i http://127.0.0.1:25/
  answers 'ERR_CONNECT_FAIL|Connection refused|Unable' get -i http://127.0.0.1:8081/
  answers '405' get -d "$(head -c 40000 /dev/zero | tr '\000' x)" http://127.0.0.1/
  answers 'ERR_DNS_FAIL|Unable to determine|Access Denied' get -i http://no.name.invalid/
}

rotate() {
  rotated squid
}

# A helper that is started when the first address asks for it.
prepare_programs() {
  printf '#!/bin/sh\nwhile read -r _; do echo OK; done\n' >/usr/local/bin/program
  chmod 755 /usr/local/bin/program
  cat >/etc/squid/conf.d/aaa-program.conf <<'CONF'
shutdown_lifetime 1 second
external_acl_type program ttl=0 negative_ttl=0 cache=0 children-startup=0 children-idle=1 children-max=1 %URI /usr/local/bin/program
acl program external program
acl asks urlpath_regex ^/program
http_access deny asks !program
CONF
  sed -i -e '/^include/d' -e '1i include /etc/squid/conf.d/*.conf' /etc/squid/squid.conf
}

start_program() {
  try_start /var/log/squid/cache.log sh -c "curl -sS --max-time 20 -i -x $proxy http://127.0.0.1/program | grep -q '^HTTP/.* 404' && echo started"
}

run "$@"
