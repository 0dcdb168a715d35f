#!/bin/sh
# tomcat10, in Java: pages that are translated when they are first asked for.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=tomcat10.service
pages=/var/lib/tomcat10/webapps/ROOT
server=http://127.0.0.1:8080

prepare() {
  # shellcheck disable=SC2016 # for the start script
  echo 'JAVA_OPTS="$JAVA_OPTS -Xmx128m -Xlog:gc,jit+compilation=debug"' >>/etc/default/tomcat10
  echo 'hello <% System.gc(); %>' >$pages/collect.jsp
  log_all
}

load() {
  answers 'It works' curl -sS --retry 9 --retry-connrefused $server/
  answers '404' curl -sS -i $server/none
}

other_load() {
  answers '^hello' curl -sS --retry 9 --retry-connrefused $server/collect.jsp
}

# A page that is new has a loop that is translated while it runs.
collect() {
  from_now
  word=hot$(date +%s%N)
  echo '<% long sum = 0; for (int i = 0; i < 20000000; i++) sum = sum * 31 + i; %>sum <%= sum %>' >$pages/"$word".jsp
  answers '^sum' curl -sS "$server/$word.jsp"
  answers '^hello' curl -sS $server/collect.jsp
  answers 'GC\([0-9]+\) Pause Full' told
  answers "jit,compilation.*${word}_jsp::_jspService" told
}

prepare_programs() {
  write_program
  cat >$pages/program.jsp <<'JSP'
<%= new String(new ProcessBuilder("/usr/local/bin/program").start().getInputStream().readAllBytes()) %>
JSP
}

start_program() {
  try_start journal curl -sS $server/program.jsp
}

run "$@"
