import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandProbe, endpointProbe, isEndpoint } from '../../src/policy/probe.js';
import { policyFrom } from '../support/policy.js';

const at = { file: 'p.toml', line: 1, column: 1 };

/** The endpoint of a text, or the message about it. */
function endpoint(value: string) {
  const probe = endpointProbe({ value, at });
  if ('severity' in probe) return probe.message;
  return 'endpoint' in probe ? probe.endpoint : undefined;
}

test('an endpoint is a TCP port, a URL or a name on the bus', () => {
  assert.deepEqual(endpoint('tcp:127.0.0.1:6379'), { kind: 'tcp', host: '127.0.0.1', port: 6379 });
  assert.deepEqual(endpoint('tcp:db.example:65535'), { kind: 'tcp', host: 'db.example', port: 65_535 });
  assert.deepEqual(endpoint('tcp:[fe80::1%eth0]:22'), { kind: 'tcp', host: 'fe80::1%eth0', port: 22 });
  assert.deepEqual(endpoint('https://x:8443/a?b'), { kind: 'http', url: 'https://x:8443/a?b' });
  assert.deepEqual(endpoint('http://[::1]/'), { kind: 'http', url: 'http://[::1]/' });
  assert.deepEqual(endpoint('dbus:org.freedesktop.login1'), {
    kind: 'dbus',
    name: 'org.freedesktop.login1',
  });
});

const BAD: readonly [text: string, why: string][] = [
  ['tcp:localhost', 'it needs HOST:PORT or [ADDRESS]:PORT'],
  ['tcp:::1:80', 'it needs HOST:PORT or [ADDRESS]:PORT'],
  ['tcp:a b:80', 'it needs HOST:PORT or [ADDRESS]:PORT'],
  ['tcp:x:0', 'a port is from 1 to 65535'],
  ['tcp:x:65536', 'a port is from 1 to 65535'],
  ['http:/x', 'it is not a URL'],
  ['http://:80/', 'it is not a URL'],
  ['http://me:secret@x/', 'a URL here can have no user name'],
  ['dbus:name', 'it needs a D-Bus name'],
  [`dbus:a.${'b'.repeat(254)}`, 'it needs a D-Bus name'],
  ['unix:/run/x', 'unknown scheme'],
];

for (const [text, why] of BAD) {
  test(`'${text.slice(0, 30)}' is no endpoint: ${why}`, () => {
    assert.ok(String(endpoint(text)).endsWith(`is not a valid probe: ${why}`), String(endpoint(text)));
  });
}

test('a text that begins with a scheme is an endpoint', () => {
  for (const text of ['tcp:x', 'http:', 'https://x', 'dbus:x']) assert.ok(isEndpoint(text));
  for (const text of ['/bin/tcp:x', 'tcpdump', 'httpd', 'dbus-send', '']) assert.ok(!isEndpoint(text));
});

test('a command has a program', () => {
  const words = (...list: string[]) => commandProbe(list.map((value) => ({ value, at })));
  assert.deepEqual(words('a', ''), { argv: ['a', ''], at });
  assert.equal(words(), undefined);
  for (const bad of [words(''), words('a', 'b\0')]) {
    assert.equal(bad && 'code' in bad && bad.code, 'policy-value');
  }
});

test('a list is one command, unless it begins with an endpoint or contains a list', () => {
  const shapes = (probe: string) =>
    policyFrom(`[apply]\nprobe = ${probe}`).probe!.map((one) => ('argv' in one ? one.argv : one.text));
  assert.deepEqual(shapes('["curl", "http://x/"]'), [['curl', 'http://x/']]);
  assert.deepEqual(shapes('"http://x/"'), ['http://x/']);
  assert.deepEqual(shapes('["tcp:x:1", "tcp:x:2"]'), ['tcp:x:1', 'tcp:x:2']);
  assert.deepEqual(shapes('["tcp:x:1", ["a", "tcp:x:2"]]'), ['tcp:x:1', ['a', 'tcp:x:2']]);
  assert.deepEqual(shapes('[["a"], "tcp:x:1", ["b", "c"]]'), [['a'], 'tcp:x:1', ['b', 'c']]);
});
