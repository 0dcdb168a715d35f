import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heardIn, unitOfGroup } from '../../../src/explain/records/heard.js';

const record = (serial: number, pid: number) =>
  `record audit(1700000000.123:${serial}): auid=1 uid=0 gid=0 ses=1 pid=${pid} comm="x" exe="/bin/x" sig=0 ` +
  'arch=c000003e syscall=165 compat=0 ip=0x1 code=0x7ffc0000';

const SERVICE = 'group 0::/system.slice/x.service/inner';

test('records, each with the unit of the group that follows it', () => {
  const text = ['listening', record(1, 10), SERVICE, record(2, 11), record(3, 12), 'group 0::/', ''].join(
    '\n',
  );
  const { records, suppressed } = heardIn(text, undefined);
  assert.deepEqual(
    records.map(({ id, pid, unit }) => [id, pid, unit]),
    [
      ['audit(1700000000.123:1)', 10, 'x.service'],
      ['audit(1700000000.123:2)', 11, undefined],
      ['audit(1700000000.123:3)', 12, undefined],
    ],
  );
  assert.equal(suppressed, false);
});

test('what was dropped, what was cut off, and what is none of it', () => {
  const text = [SERVICE, 'lost', 'record audit(1.1:1)', 'a line', record(1, 10).slice(0, -4)].join('\n');
  assert.deepEqual(heardIn(text, undefined).records.length, 0);
  assert.equal(heardIn(text, undefined).suppressed, true);
});

const GROUPS: readonly [line: string, system: string | undefined, user: string | undefined][] = [
  ['0::/system.slice/x.service', 'x.service', undefined],
  ['0::/system.slice/system-x.slice/x@1.service/payload', 'x@1.service', undefined],
  ['1:name=systemd:/system.slice/x.service', 'x.service', undefined],
  ['4:memory:/system.slice/x.service', undefined, undefined],
  ['0::/system.slice/_cgroup.service', 'cgroup.service', undefined],
  ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service', 'user@1000.service', 'x.service'],
  ['0::/user.slice/user-1001.slice/user@1001.service/app.slice/x.service', 'user@1001.service', undefined],
  [
    '0::/user.slice/user-1001.slice/user@1001.service/user@1000.service/x.service',
    'user@1001.service',
    undefined,
  ],
  ['0::/user.slice/user-1000.slice/user@1000.service', 'user@1000.service', undefined],
  ['0::/user.slice/user-1000.slice/session-1.scope', 'session-1.scope', undefined],
  ['0::/../../x.service', '..', undefined],
  ['0::/', undefined, undefined],
  ['', undefined, undefined],
];

for (const [line, system, user] of GROUPS) {
  test(`the unit of '${line}'`, () => {
    const found = [undefined, 'user@1000.service'].map((manager) => unitOfGroup(line, manager));
    assert.deepEqual(found, [system, user]);
  });
}
