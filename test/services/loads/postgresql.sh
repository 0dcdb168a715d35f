#!/bin/sh
# postgresql: pgbench, and statements for its background processes.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
version=$(version_in /etc/postgresql)
unit=postgresql@$version-main.service
bin=/usr/lib/postgresql/$version/bin

# sql STATEMENT...: each in a transaction of its own.
sql() {
  for statement; do setpriv --reuid=postgres --init-groups psql -X -t -c "$statement"; done
}

bench() {
  setpriv --reuid=postgres --init-groups "$bin/pgbench" "$@"
}

load() {
  [ "$(sql "select count(*) from pg_class where relname = 'pgbench_tellers'" | tr -d ' \n')" = 1 ] ||
    bench -i -q -s 2
  answers 'failed transactions: 0' bench -c 4 -T 3
  answers '^ *200000' sql 'select count(*) from pgbench_accounts'
  answers CHECKPOINT sql 'create table if not exists t (a int)' 'insert into t values (1)' checkpoint
}

other_load() {
  answers 'failed transactions: 0' bench -S -j 2 -c 4 -T 2 -C
  answers VACUUM sql 'vacuum full pgbench_branches' 'vacuum analyze'
  answers '^ *99' sql 'set work_mem = 64; select a.bid + 98 from pgbench_accounts a, pgbench_accounts b where a.aid = b.aid order by a.filler, b.filler limit 1'
  answers 'CREATE INDEX' sql 'drop index if exists i; create index i on pgbench_accounts (bid)'
  answers 'DROP DATABASE' sql 'create database d' 'drop database d'
  answers 'NOTIFY' sql "copy (select 1) to '/tmp/copied'" "listen l; notify l"
}

rotate() {
  rotated postgresql-common
}

run "$@"
