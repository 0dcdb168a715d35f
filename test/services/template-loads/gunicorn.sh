#!/bin/sh
# gunicorn, a server for Python: workers that answer, compute and write a file.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=gunicorn-web.service

prepare() {
  mkdir -p /srv/gunicorn
  cat >/srv/gunicorn/web.py <<'PY'
import hashlib, os, tempfile

LOG = os.path.join(os.environ["STATE_DIRECTORY"], "log")

def answer(path, body):
    if path == "/":
        return b"hello\n"
    if path == "/hash":
        return hashlib.scrypt(b"word", salt=b"salt", n=1024, r=8, p=1).hex().encode() + b"\n"
    if path == "/upload":
        with tempfile.TemporaryFile() as file:
            file.write(body)
            return b"length %d\n" % file.tell()
    if path == "/log":
        with open(LOG) as file:
            return b"%s\n" % str(len(file.readlines()) > 1).encode()

def app(environ, start_response):
    with open(LOG, "a") as file:
        file.write(environ["PATH_INFO"] + "\n")
    said = answer(environ["PATH_INFO"], environ["wsgi.input"].read())
    start_response("200 OK" if said else "404 Not Found", [("Content-Type", "text/plain")])
    return [said or b"not here\n"]
PY
  cat >/etc/systemd/system/$unit <<'UNIT'
[Service]
Type=notify
ExecStart=/usr/bin/gunicorn --chdir /srv/gunicorn --bind 127.0.0.1:8000 --workers 2 web:app
ExecReload=/bin/kill -HUP $MAINPID
StateDirectory=gunicorn-web
DynamicUser=yes
UNIT
  systemctl daemon-reload
}

load() { ask_hash; }

other_load() {
  ask_hashes 10 100
  answers '^length 2000000' sh -c 'head -c 2000000 /dev/urandom | curl -sS --data-binary @- http://127.0.0.1:8000/upload'
}

run "$@"
