#!/bin/sh
# haproxy: requests that it answers itself, and others that nginx answers; its statistics.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=haproxy.service

prepare() {
  write_pages
  cat >>/etc/haproxy/haproxy.cfg <<'CFG'

frontend f
  bind 127.0.0.1:8080
  mode http
  http-request return status 200 content-type text/plain string hello if { path /hello }
  default_backend b

backend b
  mode http
  compression algo gzip
  compression type text/html
  option httpchk GET /
  server s 127.0.0.1:80 check inter 2s
CFG
  systemctl start nginx.service
}

load() {
  answers '^hello' curl -sS http://127.0.0.1:8080/hello
  answers 'front page' curl -sS http://127.0.0.1:8080/
  answers '404 Not Found' curl -sS http://127.0.0.1:8080/none
}

other_load() {
  answers 'content-encoding: gzip' curl -sS -i --output - -H 'Accept-Encoding: gzip' http://127.0.0.1:8080/
  answers '405' curl -sS -d "$(head -c 40000 /dev/zero | tr '\000' x)" http://127.0.0.1:8080/
  answers 'Failed requests: +0' ab -q -c 20 -n 200 http://127.0.0.1:8080/hello
}

# A service in Lua. Debian's configuration forks nothing, and has a root without programs.
prepare_programs() {
  cat >/etc/haproxy/program.lua <<'LUA'
core.register_service("program", "http", function(applet)
  local pipe, why = io.popen("echo started")
  local said = pipe and pipe:read("l") or why or "nothing"
  applet:set_status(200)
  applet:add_header("content-length", string.len(said))
  applet:start_response()
  applet:send(said)
end)
LUA
  sed -i -e '/chroot/d' -e 's|^global|&\n  insecure-fork-wanted\n  lua-load /etc/haproxy/program.lua|' \
    -e 's|^frontend f|&\n  http-request use-service lua.program if { path /program }|' /etc/haproxy/haproxy.cfg
}

start_program() {
  try_start journal curl -sS http://127.0.0.1:8080/program
}

run "$@"
