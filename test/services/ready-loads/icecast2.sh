#!/bin/sh
# icecast2: a stream that one client sends and others hear.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=icecast2.service
server=http://127.0.0.1:8000

prepare() {
  unit_of_init_script
  password=$(sed -n 's|.*<source-password>\(.*\)</source-password>.*|\1|p' /etc/icecast2/icecast.xml)
  echo "$password" >/srv/source-password
}

# sending MOUNT COMMAND...: a command's output while a stream is sent.
sending() {
  mount=$1
  shift
  { while head -c 2000 /dev/zero | tr '\000' x; do sleep 0.1; done; } |
    curl -sS --max-time 20 --retry 5 --retry-connrefused -o /dev/null -u "source:$(cat /srv/source-password)" -H 'Content-Type: audio/mpeg' -H 'Expect:' -T - "$server/$mount" &
  source=$!
  sleep 1
  "$@" || :
  kill "$source" 2>/dev/null || :
  wait "$source" 2>/dev/null || :
}

# hear MOUNT: how many bytes come in two seconds.
hear() {
  curl -sS --max-time 2 "$server/$1" 2>/dev/null | wc -c
}

load() {
  answers '^[1-9][0-9]{3}' sending one.mp3 hear one.mp3
  answers 'Icecast' curl -sS --retry 5 --retry-connrefused "$server/status.xsl"
}

other_load() {
  answers '404' curl -sS --retry 5 --retry-connrefused -i "$server/none.mp3"
  answers '"listenurl":".*two.mp3"' sending two.mp3 curl -sS "$server/status-json.xsl"
}

rotate() {
  rotated icecast2
}

# A script for each stream that comes.
prepare_programs() {
  printf '#!/bin/sh\necho started >/run/icecast2-program/said\n' >/usr/local/bin/program
  chmod 755 /usr/local/bin/program
  install -d -o icecast2 /run/icecast2-program
  sed -i 's|</icecast>|<mount><mount-name>/program.mp3</mount-name><on-connect>/usr/local/bin/program</on-connect></mount>&|' /etc/icecast2/icecast.xml
}

# It says nothing of a script that it can't start: the stream has come, and the script has not run.
start_program() {
  rm -f /run/icecast2-program/said
  answers '"listenurl":".*program.mp3"' sending program.mp3 curl -sS "$server/status-json.xsl"
  sleep 2
  if [ -e /run/icecast2-program/said ]; then cat /run/icecast2-program/said; else echo 'refused: no word'; fi
}

run "$@"
