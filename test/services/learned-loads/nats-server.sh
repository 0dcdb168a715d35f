#!/bin/sh
# nats-server, in Go: messages are published and come to subscribers, from memory and from streams on disk.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=nats-server.service

prepare() {
  install -d -o nats -g nats /var/lib/nats
  printf 'http: 127.0.0.1:8222\njetstream { store_dir: /var/lib/nats }\n' >>/etc/nats-server.conf
  cat >/usr/local/bin/nats <<'PYTHON'
import json, socket, sys, threading, time
class Client:
    def __init__(self, **options):
        for attempt in range(50):
            try:
                self.socket = socket.create_connection(('127.0.0.1', 4222), 20)
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        self.lines = self.socket.makefile('rb')
        self.lines.readline()
        self.send('CONNECT ' + json.dumps({'verbose': False, **options}))
        self.send('PING')
        self.until(b'PONG')
    def send(self, line, body=None):
        data = line.encode() + b'\r\n' if body is None else f'{line} {len(body)}\r\n'.encode() + body + b'\r\n'
        self.socket.sendall(data)
    def until(self, start):
        while True:
            line = self.lines.readline()
            if line.startswith(start): return line
            if line == b'' or line.startswith(b'-ERR'): raise SystemExit(f'ended: {line}')
    def body(self):
        return self.lines.read(int(self.until(b'MSG').split()[-1]) + 2)[:-2]
    def ask(self, subject, body):
        answer = f'answer.{id(self)}'
        self.send(f'SUB {answer} 9')
        self.send('UNSUB 9 1')
        self.send(f'PUB {subject} {answer}', body)
        return self.body()
def messages(count, size):
    client = Client()
    client.send('SUB x.* 1')
    for i in range(count):
        client.send(f'PUB x.{i % 7}', b'm' * size)
    for i in range(count):
        assert client.body() == b'm' * size
def stored(name, count):
    client = Client()
    made = client.ask(f'$JS.API.STREAM.CREATE.{name}', json.dumps({'name': name, 'subjects': [f'{name}.*'], 'storage': 'file', 'retention': 'limits', 'num_replicas': 1}).encode())
    assert b'"error"' not in made, made
    for i in range(count):
        kept = client.ask(f'{name}.a', b's' * 5000)
        assert b'"seq"' in kept, kept
    assert b'"success":true' in client.ask(f'$JS.API.STREAM.DELETE.{name}', b'')
def all_of(what, *lists):
    failed = []
    def run(*words):
        try: what(*words)
        except BaseException as error: failed.append(error)
    threads = [threading.Thread(target=run, args=words) for words in zip(*lists)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    if failed: raise failed[0]
if sys.argv[1] == 'some':
    messages(200, 100)
    stored('one', 20)
else:
    all_of(messages, [300] * 150, [2000] * 150)
    all_of(stored, [f's{i}' for i in range(30)], [60] * 30)
print('answered')
PYTHON
}

load() {
  answers '^answered' python3 /usr/local/bin/nats some
  answers '"server_id"' curl -sS http://127.0.0.1:8222/varz
}

other_load() {
  answers '^answered' python3 /usr/local/bin/nats many
  answers '"num_connections"' curl -sS http://127.0.0.1:8222/connz
  answers '"streams"' curl -sS http://127.0.0.1:8222/jsz
  answers 'Failed requests: +0' ab -q -l -c 50 -n 2000 http://127.0.0.1:8222/healthz
}

run "$@"
