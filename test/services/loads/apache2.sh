#!/bin/sh
# apache2, with PHP by php-fpm: pages, and a script.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=apache2.service
php=php$(version_in /etc/php)-fpm

prepare() {
  a2enmod -q proxy_fcgi setenvif deflate >/dev/null
  a2enconf -q "$php" >/dev/null
  write_pages
  cat >/var/www/html/x.php <<'PHP'
<?php session_start(); $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1;
echo 'sum ', array_sum([1, 2, strlen($_POST['word'] ?? '')]), "\n";
PHP
  systemctl start "$php.service"
}

load() {
  answers 'front page' curl -sS http://127.0.0.1/
  answers '^sum 3' curl -sS http://127.0.0.1/x.php
  answers '404 Not Found' curl -sS http://127.0.0.1/none
  answers '^3000000$' curl -sS -o /dev/null -w '%{size_download}\n' http://127.0.0.1/large
}

other_load() {
  answers 'Content-Encoding: gzip' curl -sS -o /dev/null -D - -H 'Accept-Encoding: gzip' http://127.0.0.1/
  answers '^sum 7' curl -sS -d word=word http://127.0.0.1/x.php
  answers '^100$' curl -sS -o /dev/null -r 100-199 -w '%{size_download}\n' http://127.0.0.1/large
  answers 'Failed requests: +0' ab -q -c 40 -n 400 http://127.0.0.1/
}

rotate() {
  rotated apache2
  answers 'rotated' sh -c 'curl -sS http://127.0.0.1/rotated >/dev/null; sleep 0.2; cat /var/log/apache2/access.log'
}

# A CGI, which the process for that starts, and a script in Lua, which a worker runs.
prepare_programs() {
  a2enmod -q cgi lua >/dev/null
  write_cgi
  cat >/var/www/html/x.lua <<'LUA'
function handle(request)
  local pipe, why = io.popen("echo started")
  request:puts(pipe and pipe:read("l") or why or "nothing", "\n")
end
LUA
  printf 'AddHandler lua-script .lua\n' >/etc/apache2/conf-enabled/lua.conf
}

start_program() {
  for path in cgi-bin/program x.lua; do
    try_start /var/log/apache2/error.log curl -sS "http://127.0.0.1/$path"
  done
}

run "$@"
