#!/bin/sh
# mosquitto: messages are published and received, also such as are kept, and over WebSockets.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=mosquitto.service

prepare() {
  printf 'listener 1883 127.0.0.1\nallow_anonymous true\n' >/etc/mosquitto/conf.d/load.conf
}

# heard TOPIC WORDS...: publishes with these words, and prints what a subscriber hears.
heard() {
  topic=$1
  shift
  mosquitto_sub -h 127.0.0.1 -t "$topic" -C 1 -W 8 &
  sleep 0.3
  mosquitto_pub -h 127.0.0.1 -t "$topic" "$@"
  wait
}

load() {
  answers '^hello' heard a -m hello
  answers '^kept' heard k -r -q 1 -m kept
}

other_load() {
  answers '^other' heard "b/$$" -q 2 -m other
  answers '^kept' mosquitto_sub -h 127.0.0.1 -t k -C 1 -W 8
  answers '^200000' sh -c 'head -c 200000 /dev/zero | tr "\000" x | mosquitto_pub -h 127.0.0.1 -t l -r -s; mosquitto_sub -h 127.0.0.1 -t l -C 1 -N -W 8 | wc -c'
  # shellcheck disable=SC2016 # it is the topic's name
  answers '[0-9]' mosquitto_sub -h 127.0.0.1 -t '$SYS/broker/uptime' -C 1 -W 15
  answers '^hello' heard c -V 5 -m hello
}

rotate() {
  rotated mosquitto
}

run "$@"
