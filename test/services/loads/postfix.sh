#!/bin/sh
# postfix: local mail by SMTP and by sendmail(1), an address that isn't there, the queue.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
# Debian 12 has an instance for the queue, and a unit over all instances.
unit=postfix.service
case $(cat /etc/debian_version) in 12*) unit=postfix@-.service ;; esac

prepare() {
  postconf -e myorigin=localhost mydestination=localhost mynetworks=127.0.0.0/8 inet_protocols=ipv4 alias_maps= mailbox_size_limit=0
  id reader >/dev/null 2>&1 || useradd --create-home reader
  touch /var/mail/reader
  chown reader:mail /var/mail/reader
}

load() {
  word=$(date +%s%N)
  smtp "$word" reader@localhost || fail 'SMTP fails'
  arrives "$word"
  printf 'Subject: local%s\n\nhello\n' "$word" | sendmail reader
  arrives "local$word"
}

other_load() {
  word=$(date +%s%N)
  answers '550|RCPT failed' smtp "$word" nobody-there@localhost
  { printf 'Subject: large%s\n\n' "$word" && head -c 300000 /dev/urandom | base64; } | sendmail -f root reader
  arrives "large$word"
  answers 'queue is empty|Queue ID' mailq
  answers '^252' curl -sS --max-time 20 smtp://127.0.0.1 --mail-rcpt reader@localhost
}

# A client is served by a program: master(8) starts one if none waits.
start_program() {
  try_start journal sh -c "curl -sS --max-time 5 smtp://127.0.0.1 --mail-rcpt reader@localhost | grep -q '^252' && echo started"
}

run "$@"
