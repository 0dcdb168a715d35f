#!/bin/sh
# mariadb: tables are made, filled, read and repaired.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=mariadb.service

load() {
  mariadb -e 'create database if not exists d; create table if not exists d.t (a int auto_increment primary key, b text)'
  mariadb d -e 'insert into t (b) select repeat("x", 1000) from seq_1_to_200'
  answers '^[0-9]+' mariadb -N -e 'select count(*) from d.t'
  answers '1' mariadb -N -e 'update d.t set b = "y" where a = 1; select 1'
}

other_load() {
  answers 'status.*OK' mariadb -e 'optimize table d.t; analyze table d.t'
  answers '^y' mariadb -N -e 'start transaction; select b from d.t where a = 1; rollback'
  answers 'x' mariadb -N -e 'set tmp_memory_table_size = 0; select distinct b, a from d.t order by b desc, a limit 3'
  answers '^[0-9]' mariadb -N -e 'create or replace table d.m (a int) engine = myisam; insert into d.m values (1); select count(*) from d.m'
  answers 'INSERT INTO' mariadb-dump d
  answers 'Uptime' mariadb-admin status
}

rotate() {
  rotated mariadb
}

# A function of SQL from a library: the way of those who have the server's password and a place for a file.
prepare_programs() {
  cat >/tmp/program.c <<'C'
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

int program_init(void *init, void *arguments, char *message)
{
	return 0;
}

char *program(void *init, void *arguments, char *result, unsigned long *length, char *is_null, char *error)
{
	char *words[] = {"true", NULL};
	pid_t pid;
	int why = posix_spawn(&pid, "/bin/true", NULL, NULL, words, environ);
	if (why == 0)
		waitpid(pid, NULL, 0);
	*length = sprintf(result, "%s", why ? strerror(why) : "started");
	return result;
}
C
  gcc -shared -fPIC -o /usr/lib/mysql/plugin/program.so /tmp/program.c
  systemctl start "$unit"
  mariadb -e 'create function program returns string soname "program.so"'
}

start_program() {
  try_start journal mariadb -N -e 'select program()'
}

run "$@"
