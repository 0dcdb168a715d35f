# shellcheck shell=sh
# Read by the scripts beside it, each of which gives one service work: sh NAME.sh VERB [SECONDS]
#   prepare      writes what Debian's configuration lacks for the load, and starts what the service works with
#   load         work, once or for so many seconds; an answer that is wrong ends it with status 1
#   other-load   other work of the same kind
#   reload       systemctl reload, unless that ends the service by itself
#   rotate       a log rotation by logrotate(8), where the service's package has one
#   unit         prints the unit's name
#   prepare-programs  behind prepare: gives the service itself the means to start a program, such as a CGI
#   start-program     has it start one: prints 'started', or 'refused: ' with the line that says why; 'none' without means
#   collect           behind both: has a runtime collect garbage, and translate code that is new to it, which its log must tell
# They are for root, on a machine to throw away: they change /etc, and make users, databases and files.
set -eu

unit=
prepare() { :; }
load() { :; }
other_load() { load; }
rotate() { :; }
prepare_programs() { :; }
start_program() { echo none; }
collect() { :; }
reload() { systemctl reload "$unit"; }

# In one line, with the step of the service's life in front.
fail() {
  echo "$unit${STEP:+, $STEP}: $*" | tr '\n' ' ' >&2
  exit 1
}

# version_in FOLDER: the version that Debian has, by the folder of its configuration.
version_in() {
  set -- "$1"/*
  echo "${1##*/}"
}

# Pages for web servers: one, and a large file.
write_pages() {
  { echo '<h1>front page</h1>' && yes 'plain text' | head -n 500; } >/var/www/html/index.html
  head -c 3000000 /dev/urandom >/var/www/html/large
}

# A folder for web servers of files at port 8000, and work of them.
write_folder() {
  mkdir -p /srv/web/folder
  echo hello >/srv/web/x
  head -c 3000000 /dev/urandom >/srv/web/large
}
browse_folder() {
  answers '^hello' curl -sS --retry 5 --retry-connrefused http://127.0.0.1:8000/x
  answers 'Directory listing' curl -sS http://127.0.0.1:8000/
}
# fetch_files CLIENTS REQUESTS
fetch_files() {
  answers '404' curl -sS --retry 5 --retry-connrefused -i http://127.0.0.1:8000/none
  answers '^3000000$' curl -sS -o /dev/null -w '%{size_download}\n' http://127.0.0.1:8000/large
  answers '200 OK' curl -sS --head http://127.0.0.1:8000/folder/
  answers 'Failed requests: +0' ab -q -c "$1" -n "$2" http://127.0.0.1:8000/x
}

# Work of a server at port 8000 that says hello, hashes, and has a log of that.
ask_hash() {
  answers '^hello' curl -sS --retry 5 --retry-connrefused http://127.0.0.1:8000/
  answers '^[0-9a-f]+$' curl -sS http://127.0.0.1:8000/hash
}
# ask_hashes CLIENTS REQUESTS
ask_hashes() {
  answers '^[Tt]rue' curl -sS --retry 5 --retry-connrefused http://127.0.0.1:8000/log
  answers '^not here' curl -sS -d data http://127.0.0.1:8000/none
  answers 'Failed requests: +0' ab -q -c "$1" -n "$2" http://127.0.0.1:8000/hash
}

# write_zone [RECORD]: the zone example.test, as named has it.
write_zone() {
  cat >/etc/bind/zone.test <<ZONE
\$TTL 60
@ IN SOA ns hostmaster 1 60 60 60 60
@ IN NS ns
ns IN A 127.0.0.1
www IN A 192.0.2.1
${1-}
ZONE
}

# What a server of that zone answers, and over TCP.
ask_zone() {
  answers 'has address 192.0.2.1' host www.example.test 127.0.0.1
  answers 'NXDOMAIN' host none.example.test 127.0.0.1
}
ask_whole_zone() {
  answers 'has address 192.0.2.1' host -T www.example.test 127.0.0.1
  answers '192.0.2.1' host -l -a example.test 127.0.0.1
}

# get WORDS...: for curl(1), by the proxy.
proxy=
get() {
  curl -sS --max-time 20 -x "$proxy" "$@"
}

# Keys, and a user who may log in by the good one.
keys=/var/lib/ssh-load
make_reader() {
  mkdir -p $keys
  systemctl start systemd-user-sessions.service # before it, nobody may log in
  for key in good bad; do
    [ -e $keys/$key ] || ssh-keygen -q -t ed25519 -N '' -f $keys/$key
  done
  id reader >/dev/null 2>&1 || useradd --create-home --shell /bin/bash reader
  install -d -m 700 -o reader -g reader ~reader/.ssh
  install -m 600 -o reader -g reader $keys/good.pub ~reader/.ssh/authorized_keys
}

options="-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes"

# with KEY WORDS...: for ssh(1).
with() {
  key=$1
  shift
  # shellcheck disable=SC2086 # words
  ssh $options -i "$keys/$key" "$@"
}

# logged FILE WORDS...: for logger(1).
logged() {
  file=$1
  word=$(date +%s%N)
  shift
  logger "$@" "$word"
  answers "$word" tail -n 20 "$file"
}

# smtp WORD RECIPIENT: a mail over SMTP.
smtp() {
  printf 'Subject: %s\r\n\r\nhello\r\n' "$1" |
    curl -sS --retry 5 --retry-connrefused --max-time 20 smtp://127.0.0.1 --mail-from root@localhost --mail-rcpt "$2" --upload-file -
}

# arrives WORD: the mail with this subject.
arrives() {
  answers "^Subject: $1" cat /var/mail/reader
}

# answers REGEX COMMAND...: the command's output has a line with this in it, soon.
answers() {
  regex=$1
  shift
  for _ in 1 2 3 4 5; do
    said=$("$@" 2>&1 </dev/null | tr -d '\000') || :
    ! printf '%s\n' "$said" | grep -Eq -e "$regex" || return 0
    sleep 1
  done
  fail "'$*' answers '$(printf %s "$said" | tail -c 300)', not '$regex'"
}

# try_start LOG COMMAND...: the command's output has the line 'started' if the service could start a program. Else the output or the
# log says why not. LOG is a file, or `journal` for the unit's.
try_start() {
  from_now "$1"
  shift
  said=$("$@" 2>&1 </dev/null) || :
  for _ in 1 2 3 4 5 6 7 8; do
    ! printf '%s\n' "$said" | grep -qx started || { echo started && return; }
    ! why=$({ printf '%s\n' "$said" && told; } | grep -m 1 -iE 'Operation not permitted|EPERM') || {
      echo "refused: $why"
      return
    }
    sleep 1
  done
  fail "'$*' answers '$(printf %s "$said" | tail -c 300)', and the log '$(told | tail -n 3)'"
}

# from_now [LOG]: told has what comes into the log from now on.
from_now() {
  log=${1-journal}
  since=@$(date +%s.%N)
  [ "$log" = journal ] || from=$(($(wc -l <"$log") + 1))
}

# told: what has come into the log since from_now.
told() {
  if [ "$log" = journal ]; then
    journalctl --quiet --no-pager --output=cat --unit="$unit" --since="$since"
  else
    tail -n "+$from" "$log"
  fi
}

# A program that says 'started', for CGI.
write_cgi() {
  mkdir -p /usr/lib/cgi-bin
  printf '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\nstarted\\n"\n' >/usr/lib/cgi-bin/program
  chmod 755 /usr/lib/cgi-bin/program
}

# A program that says 'started'.
write_program() {
  printf '#!/bin/sh\necho started\n' >/usr/local/bin/program
  chmod 755 /usr/local/bin/program
}

# The unit that systemd makes of Debian's init script, with a reload where that has one.
unit_of_init_script() {
  script=/etc/init.d/${unit%.service}
  {
    printf '%s\n' '[Unit]' "SourcePath=$script" '[Service]' Type=forking Restart=no TimeoutSec=5min IgnoreSIGPIPE=no \
      KillMode=process GuessMainPID=no RemainAfterExit=yes 'SuccessExitStatus=5 6' "ExecStart=$script start" \
      "ExecStop=$script stop"
    ! grep -q '[{|]reload[|}]' "$script" || echo "ExecReload=$script reload"
  } >/etc/systemd/system/"$unit"
  systemctl daemon-reload
}

# at_once COUNT COMMAND...: as many of them at a time, each with its number as $N; one that fails is a failure.
at_once() {
  count=$1
  shift
  jobs=
  for N in $(seq "$count"); do
    export N
    "$@" >/run/at-once-"$N" 2>&1 </dev/null &
    jobs="$jobs $!"
  done
  N=0
  for job in $jobs; do
    N=$((N + 1))
    wait "$job" || fail "'$*' with $N of $count: $(tail -c 300 /run/at-once-$N)"
  done
}

# The journal leaves out no line, however many there are.
log_all() {
  mkdir -p /etc/systemd/journald.conf.d
  printf '[Journal]\nRateLimitIntervalSec=0\n' >/etc/systemd/journald.conf.d/all.conf
  systemctl restart systemd-journald.service
  systemctl daemon-reload
}

# rotated NAME: a file of logrotate's configuration.
rotated() {
  logrotate --force "/etc/logrotate.d/$1" || fail "logrotate fails"
  sleep 1
}

# again SECONDS FUNCTION: once, and then until the time is over.
again() {
  end=$(($(date +%s) + $1))
  "$2"
  while [ "$(date +%s)" -lt "$end" ]; do
    sleep 0.5
    "$2"
  done
}

run() {
  case ${1-} in
    prepare | reload | rotate | collect) "$1" ;;
    prepare-programs) prepare_programs ;;
    start-program) start_program ;;
    load) again "${2:-0}" load ;;
    other-load) again "${2:-0}" other_load ;;
    unit) echo "$unit" ;;
    *) fail "sh NAME.sh prepare|load|other-load|reload|rotate|unit|prepare-programs|start-program|collect [SECONDS]" ;;
  esac
}
