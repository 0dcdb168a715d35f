import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTemplate, parseUnitName, unitObjectPath } from '../../../src/systemd/unit/name.js';

const plain = (prefix: string, type = 'service') => ({ full: `${prefix}.${type}`, prefix, type });

const good: [string, object][] = [
  ['nginx', plain('nginx')],
  ['nginx.service', plain('nginx')],
  ['dbus.socket', plain('dbus', 'socket')],
  ['foo.bar', plain('foo.bar')],
  ['.service', plain('.service')],
  ['-.mount', plain('-', 'mount')],
  ['a..service', plain('a.')],
  ['dev-disk\\x2dby.device', plain('dev-disk\\x2dby', 'device')],
  [
    'foo@bar',
    { full: 'foo@bar.service', prefix: 'foo', instance: 'bar', type: 'service', template: 'foo@.service' },
  ],
  ['foo@', { full: 'foo@.service', prefix: 'foo', type: 'service', template: 'foo@.service' }],
  [
    'foo@b@r.service',
    { full: 'foo@b@r.service', prefix: 'foo', instance: 'b@r', type: 'service', template: 'foo@.service' },
  ],
  [
    'foo@a.timer.service',
    {
      full: 'foo@a.timer.service',
      prefix: 'foo',
      instance: 'a.timer',
      type: 'service',
      template: 'foo@.service',
    },
  ],
];

for (const [text, expected] of good) {
  test(`the unit name '${text}' is parsed`, () => assert.deepEqual(parseUnitName(text), expected));
}

const bad: [string, string, string][] = [
  ['', 'invalid-unit-name', "'' is not a valid unit name"],
  ['@.service', 'invalid-unit-name', "'@.service' is not a valid unit name"],
  ['@foo', 'invalid-unit-name', "'@foo' is not a valid unit name"],
  [
    '/usr/lib/systemd/system/nginx.service',
    'invalid-unit-name',
    "'/usr/lib/systemd/system/nginx.service' is not a valid unit name",
  ],
  ['../nginx.service', 'invalid-unit-name', "'../nginx.service' is not a valid unit name"],
  ['foo*.service', 'invalid-unit-name', "'foo*.service' is not a valid unit name"],
  ['foo bar', 'invalid-unit-name', "'foo bar' is not a valid unit name"],
  ['foo\n.service', 'invalid-unit-name', "'foo\\x0a.service' is not a valid unit name"],
  ['ü.service', 'invalid-unit-name', "'ü.service' is not a valid unit name"],
  ['foo\0.service', 'invalid-unit-name', "'foo\\x00.service' is not a valid unit name"],
  [
    `${'a'.repeat(248)}.service`,
    'invalid-unit-name',
    `unit name '${'a'.repeat(80)}…' is longer than 255 bytes`,
  ],
  [
    `${'a'.repeat(246)}.service`,
    'invalid-unit-name',
    `unit name '${'a'.repeat(80)}…' has more than 253 bytes: it can't have a drop-in`,
  ],
];

for (const [text, code, message] of bad) {
  test(`the unit name '${JSON.stringify(text).slice(1, 41)}' is refused`, () => {
    const result = parseUnitName(text);
    assert.deepEqual('severity' in result && [result.severity, result.code, result.message], [
      'error',
      code,
      message,
    ]);
  });
}

test('a path has a hint to name a unit, not its file', () => {
  const result = parseUnitName('/etc/x.service');
  assert.equal(
    'severity' in result && result.hint,
    'name the unit, not its file; systemd-escape(1) turns a path into a unit name',
  );
});

test('the longest name that can have a drop-in is accepted', () => {
  const name = `${'a'.repeat(245)}.service`;
  assert.deepEqual(parseUnitName(name), plain('a'.repeat(245)));
});

test('isTemplate is true for templates alone', () => {
  const is = (text: string) => {
    const name = parseUnitName(text);
    return 'full' in name && isTemplate(name);
  };
  assert.deepEqual(['foo@', 'foo@x', 'foo'].map(is), [true, false, false]);
});

const paths: [string, string][] = [
  ['nginx.service', 'nginx_2eservice'],
  ['9p.service', '_39p_2eservice'],
  ['a9@-\\.service', 'a9_40_2d_5c_2eservice'],
  ['', '_'],
];

for (const [name, label] of paths) {
  test(`the object path of '${name}' ends in ${label}`, () => {
    assert.equal(unitObjectPath(name), `/org/freedesktop/systemd1/unit/${label}`);
  });
}
