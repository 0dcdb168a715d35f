#!/bin/sh
# zookeeper, in Java: nodes are made, read, changed and removed.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=zookeeper.service

prepare() {
  unit_of_init_script
  echo '4lw.commands.whitelist=*' >>/etc/zookeeper/conf/zoo.cfg
  echo 'JAVA_OPTS="-Xmx128m"' >>/etc/default/zookeeper
}

# word WORD: one of four letters.
word() {
  echo "$1" | nc -q 20 127.0.0.1 2181
}

# nodes COMMANDS: of zkCli.sh, a line each.
nodes() {
  printf '%b' "$1" | JVMFLAGS=-Xmx64m /usr/share/zookeeper/bin/zkCli.sh -server 127.0.0.1:2181
}

load() {
  answers imok word ruok
  answers 'Mode: standalone' word srvr
  answers '^first$' sh "$0" nodes 'create /a x\nset /a first\nget /a\n'
}

# What was kept before the restart is there still.
other_load() {
  answers imok word ruok
  answers '^first$' sh "$0" nodes 'get /a\n'
  answers 'zk_version' word mntr
  answers Ephemerals word dump
  answers 'Node does not exist: /none' sh "$0" nodes 'get /none\n'
  answers '^\[c[0-9, c]*c499' sh "$0" nodes "create /many\n$(seq -f 'create /many/c%g x\n' -s '' 300 499)ls /many\ndeleteall /many\n"
  answers 'ephemeralOwner = 0x[1-9a-f]' sh "$0" nodes 'create -e /mine x\nstat /mine\naddauth digest a:b\ncreate /kept x auth::cdrwa\ndelete /kept\n'
  at_once 3 sh "$0" nodes 'get /a\nls -R /\n'
}

if [ "${1-}" = nodes ]; then nodes "$2"; else run "$@"; fi
