#!/bin/sh
# jetty9, in Java: pages, and applications that come while it serves.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=jetty9.service
server=http://127.0.0.1:8080
applications=/var/lib/jetty9/webapps

prepare() {
  echo 'JAVA_OPTIONS="-Xmx160m"' >>/etc/default/jetty9
  echo 'sum <%= 6 * 7 %>' >$applications/root/sum.jsp
}

load() {
  answers '[Jj]etty' curl -sS --retry 20 --retry-connrefused $server/
  answers '404' curl -sS -i $server/none
  answers '^sum 42' curl -sS $server/sum.jsp
}

# An application that is new has a page that is compiled, and a large file.
other_load() {
  answers '[Jj]etty' curl -sS --retry 20 --retry-connrefused $server/
  name=new$(date +%s%N)
  folder=${applications%/*}/$name
  mkdir "$folder"
  echo 'power <%= new java.math.BigInteger("2").pow(100) %>' >"$folder"/page.jsp
  head -c 3000000 /dev/urandom >"$folder"/large
  mv "$folder" $applications
  answers '^power 1267650600228229401496703205376' curl -sS "$server/$name/page.jsp"
  answers '^3000000$' curl -sS -o /dev/null -w '%{size_download}\n' "$server/$name/large"
  answers '^HTTP/1.1 206' curl -sS -o /dev/null -D - -r 5-9 "$server/$name/large"
  answers 'Failed requests: +0' ab -q -c 100 -n 3000 $server/sum.jsp
}

rotate() {
  rotated jetty9
}

run "$@"
