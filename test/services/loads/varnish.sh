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

# C in its configuration, which a worker runs.
prepare_programs() {
  cat >/etc/varnish/default.vcl <<'VCL'
vcl 4.1;

C{
#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>

static int start_program(void)
{
	char *words[] = {"true", NULL}, *none[] = {NULL};
	pid_t pid;
	int why = posix_spawn(&pid, "/bin/true", NULL, NULL, words, none);
	if (why == 0)
		waitpid(pid, NULL, 0);
	return why == 0 ? 200 : why == EPERM ? 403 : 500;
}
}C

backend default {
  .host = "127.0.0.1";
  .port = "8080";
}

sub vcl_recv {
  if (req.url == "/program") {
    return (synth(500));
  }
}

sub vcl_synth {
  if (req.url == "/program") {
    C{ VRT_l_resp_status(ctx, start_program()); }C
    return (deliver);
  }
}
VCL
  mkdir -p /etc/systemd/system/varnish.service.d
  { echo '[Service]' && echo 'ExecStart=' && echo 'ExecStart=/usr/sbin/varnishd -F -a :6081 -T localhost:6082 -p vcc_feature=+allow_inline_c -f /etc/varnish/default.vcl -S /etc/varnish/secret -s malloc,64m'; } >/etc/systemd/system/varnish.service.d/inline-c.conf
  systemctl daemon-reload
}

# asked: what the worker's posix_spawn(3) came to, by its answer.
asked() {
  case $(curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.1:6081/program) in
    200) echo started ;;
    403) echo 'Operation not permitted' ;;
  esac
}

start_program() {
  try_start journal asked
}

run "$@"
