/** Tests of explain/records/record.ts, explain/records/journal.ts and explain/records/kernel-log.ts: records of calls, as hostile as users can make them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { coreDumpsIn, recordsIn, sightingsIn, whoseAt } from '../../../src/explain/records/journal.js';
import { recordsInLog } from '../../../src/explain/records/kernel-log.js';
import { parseAuditLine, parseKernelLine } from '../../../src/explain/records/record.js';

const ID = 'audit(1795556996.891:18)';
const fields = (comm = '"sleep"', more = '') =>
  `auid=4294967295 uid=0 gid=0 ses=4294967295 ${more}pid=14706 comm=${comm} exe="/usr/bin/sleep" sig=31 arch=c000003e syscall=230 compat=0 ip=0x7f05e4bf03a7 code=0x80000000`;
const LINE = `audit: type=1326 ${ID}: ${fields()}`;
const RECORD = {
  ...{ id: ID, time: 1795556996891, fromLogin: false, pid: 14706, name: 'sleep', program: '/usr/bin/sleep' },
  ...{ arch: 0xc000003e, nr: 230, action: 0x80000000 },
};

test("a line of the kernel's log", () => {
  assert.deepEqual(parseKernelLine(LINE), RECORD);
  const confined = `audit: type=1326 ${ID}: ${fields('"sleep"', 'subj=/usr/bin/sleep (enforce) ')}`;
  assert.deepEqual(parseKernelLine(confined), RECORD);
});

test('names in hex, missing ones, numbers of x32', () => {
  assert.equal(parseKernelLine(LINE.replace('"sleep"', '6120220A'))?.name, 'a "\n');
  assert.equal(parseKernelLine(LINE.replace('"/usr/bin/sleep"', '(null)'))?.program, undefined);
  assert.equal(parseKernelLine(LINE.replace('=230', '=1073741883'))?.nr, 0x40000000 + 59);
  assert.equal(parseKernelLine(LINE.replace('=230', '=-1'))?.nr, 0xffffffff);
});

test("a line of auditd's log, with what auditd adds", () => {
  const line = `type=SECCOMP msg=${ID}: ${fields()}`;
  assert.deepEqual(parseAuditLine(`${line}\x1dARCH=x86_64 SYSCALL=clock_nanosleep`), RECORD);
  assert.deepEqual(parseAuditLine(`node=host ${line}`), { ...RECORD, node: 'host' });
  assert.equal(parseAuditLine(`type=USER_CMD msg=${ID}: ${fields()}`), undefined);
});

test('what is no record as the kernel writes it is none', () => {
  const bad = [
    ` ${LINE}`,
    LINE.slice(0, -1).concat(' '),
    LINE.replace('1326', '1327'),
    LINE.replace('"sleep"', '"x" pid=1 comm="sleep"'),
    LINE.replace('"sleep"', '"a b"'),
    LINE.replace('pid=14706', 'pid=-1'),
    `${LINE} syscall=1`,
    // In one entry, as the kernel prints the name of a file.
    `x\n${LINE}`,
    `${LINE}\n`,
    `${LINE}\n[1132,55ec4536c000+1000]`,
    LINE.replace('pid=', 'subj=x\ny pid='),
    LINE.replace('audit(', 'audit( '),
    LINE.replace('auid', `subj=${'x'.repeat(20_000)} auid`),
  ];
  const found = bad.map(parseKernelLine).filter((record) => record !== undefined);
  assert.deepEqual(found, []);
  fc.assert(fc.property(fc.string(), (text) => parseKernelLine(text) === undefined));
});

test('a process names itself, and forges nothing by that', () => {
  const name = fc.uint8Array({ minLength: 1, maxLength: 15 });
  const isPlain = (byte: number) => byte > 0x20 && byte < 0x7f && byte !== 0x22;
  fc.assert(
    fc.property(name, (bytes) => {
      // As audit_log_untrustedstring() writes it.
      const plain = bytes.every(isPlain);
      const comm = plain ? `"${Buffer.from(bytes)}"` : Buffer.from(bytes).toString('hex').toUpperCase();
      const found = parseKernelLine(`audit: type=1326 ${ID}: ${fields(comm)}`);
      assert.deepEqual({ ...found, name: '' }, { ...RECORD, name: '' });
      assert.equal(found?.name, new TextDecoder().decode(bytes));
    }),
  );
});

const entry = (more: Record<string, unknown>) => `${JSON.stringify(more)}\n`;
const KERNEL = { _TRANSPORT: 'kernel', SYSLOG_FACILITY: '0', MESSAGE: LINE };

test("the kernel's own entries of the journal are believed, nobody else's", () => {
  const audit = {
    ...{ _TRANSPORT: 'audit', _AUDIT_TYPE: '1326', _AUDIT_ID: '18', MESSAGE: `SECCOMP ${fields()}` },
    _SOURCE_REALTIME_TIMESTAMP: '1795556996891000',
  };
  assert.deepEqual(recordsIn(entry(KERNEL) + entry(audit)).records, [RECORD, RECORD]);
  const forged = [
    { ...KERNEL, _TRANSPORT: 'stdout' },
    { ...KERNEL, _TRANSPORT: 'journal' },
    { ...KERNEL, _TRANSPORT: 'syslog' },
    // Written to /dev/kmsg, or with the transport as a second value.
    { ...KERNEL, SYSLOG_FACILITY: '1' },
    { ...KERNEL, _TRANSPORT: ['stdout', 'kernel'] },
    { ...audit, _AUDIT_TYPE: '1327' },
    { ...audit, _TRANSPORT: 'journal' },
    { ...audit, _AUDIT_ID: 'x' },
  ];
  assert.deepEqual(recordsIn(forged.map(entry).join('')).records, []);
});

test('the journal says when the kernel left records out', () => {
  const line = 'kauditd_printk_skb: 6 callbacks suppressed';
  assert.equal(recordsIn(entry({ ...KERNEL, MESSAGE: line })).suppressed, true);
  assert.equal(recordsIn(entry({ ...KERNEL, MESSAGE: line, _TRANSPORT: 'stdout' })).suppressed, false);
});

test('whatever the journal prints is read without a failure', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const nothing = { records: [], suppressed: false, audits: false, begins: undefined };
      assert.deepEqual(recordsIn(text), nothing);
    }),
  );
});

test("how far back the kernel's entries go, and whether its audit is among them", () => {
  const at = (time: number, MESSAGE: string, more = {}) =>
    entry({ ...KERNEL, MESSAGE, __REALTIME_TIMESTAMP: `${time}000`, ...more });
  const told = (text: string) => {
    const { begins, audits } = recordsIn(text);
    return [begins, audits];
  };
  const audit = 'audit: type=2000 audit(1.000:1): state=initialized';
  assert.deepEqual(told(at(7, 'x') + at(5, audit)), [5, true]);
  assert.deepEqual(told(at(7, 'x') + at(5, audit, { SYSLOG_FACILITY: '3' })), [7, false]);
  assert.deepEqual(told(at(7, `x ${audit}`) + entry({ ...KERNEL, MESSAGE: audit })), [undefined, true]);
});

test('when the kernel or journald left out records last', () => {
  const kernels = (time: number) =>
    entry({
      ...KERNEL,
      MESSAGE: 'kauditd_printk_skb: 1 callbacks suppressed',
      __REALTIME_TIMESTAMP: `${time}000`,
    });
  const missed = (time: number, transport = 'driver') =>
    entry({
      ...{ _TRANSPORT: transport, MESSAGE_ID: 'e9bf28e6e834481bb6f48f548ad13606' },
      ...{ MESSAGE: 'Missed 3 kernel messages', __REALTIME_TIMESTAMP: `${time}000` },
    });
  assert.equal(recordsIn(kernels(5) + missed(7)).suppressedLast, 7);
  assert.equal(recordsIn(kernels(5) + missed(7, 'syslog')).suppressedLast, 5);
  assert.deepEqual(
    [recordsIn(missed(1)).suppressed, recordsIn(missed(1, 'stdout')).suppressed],
    [true, false],
  );
});

test('an entry of the kernel that has a record in it is none', () => {
  const MESSAGE = `x[7]: segfault at 0 ip 0 error 6 in x\n${LINE}\n[1132,55ec4536c000+1000]`;
  assert.deepEqual(recordsIn(entry({ ...KERNEL, MESSAGE })).records, []);
});

test("the kernel's own records of its log", () => {
  const plain = LINE.replace('"sleep"', '"a\\x5cb"');
  const found = (head: string, text = plain) => recordsInLog([`${head};${text}\n SUBSYSTEM=x\n`]).records;
  const expected = [{ ...RECORD, name: 'a\\b' }];
  for (const head of ['5,18,99,-', '5,18,99,-,caller=T1', '0,1,2,-']) assert.deepEqual(found(head), expected);
  for (const head of ['13,18,99,-', '8,1,2,-', '5,18,99,c', '5,18,99,+', '5,18,-', ' 5,1,2,-', 'x', ''])
    assert.deepEqual(found(head), [], head);
  for (const text of [
    `x\\x0a${plain}`,
    `${plain}\\x0a`,
    `${plain}\\x00`,
    `x;${plain}`,
    `x\n5,1,2,-;${plain}`,
  ])
    assert.deepEqual(found('5,18,99,-', text), [], text);
});

test('whatever is in the log of the kernel is read without a failure', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.deepEqual(recordsInLog([text, `5,1,2,-;${text}\n`]).records, []);
    }),
  );
});

test('whose a process was by who was seen before and after', () => {
  const at = (time: number, unit?: string, pid = '7') =>
    entry({ _PID: pid, _SYSTEMD_UNIT: unit, __REALTIME_TIMESTAMP: `${time}000` });
  const text =
    at(50, 'a') + at(10, 'a') + at(20, 'a') + at(30, 'b') + at(40, 'b') + at(15) + at(15, 'b', '8');
  const seen = sightingsIn(text, undefined).get(7);
  const whose = (time: number) => whoseAt(seen, { unit: 'a', time });
  assert.deepEqual([5, 10, 15, 25, 35, 45, 55].map(whose), [
    ...['perhaps', 'its', 'its', 'perhaps', 'others', 'perhaps', 'perhaps'],
  ]);
  assert.equal(whoseAt(undefined, { unit: 'a', time: 5 }), 'unseen');
  assert.deepEqual(sightingsIn(entry({ _PID: '7', _SYSTEMD_UNIT: 'a' }), undefined).size, 0);
});

test("core dumps are systemd-coredump's own", () => {
  const dump = {
    ...{ _SYSTEMD_UNIT: 'systemd-coredump@0-7-0.service', _PID: '9', _BOOT_ID: '0f'.repeat(16) },
    ...{ COREDUMP_PID: '7', COREDUMP_TIMESTAMP: '1795556996891000', COREDUMP_SIGNAL: '31' },
  };
  const ofSystem = { ...dump, COREDUMP_UNIT: 'a.service' };
  const others = [
    { ...ofSystem, _SYSTEMD_UNIT: 'a.service' },
    { ...ofSystem, COREDUMP_UNIT: 'b.service' },
    { ...ofSystem, COREDUMP_SIGNAL: '11' },
    { ...ofSystem, COREDUMP_TIMESTAMP: '1;x' },
    { ...ofSystem, COREDUMP_PID: '' },
    { ...ofSystem, _PID: '9 ' },
    { ...ofSystem, _BOOT_ID: 'x' },
  ];
  const ofUser = { ...dump, COREDUMP_UNIT: 'user@7.service', COREDUMP_USER_UNIT: 'a.service' };
  const all = [ofSystem, ...others, ofUser, { ...ofUser, COREDUMP_UNIT: 'user@8.service' }];
  const matches = Object.entries(dump).map(([name, value]) => `${name}=${value}`);
  for (const manager of [undefined, 'user@7.service']) {
    const found = coreDumpsIn(all.map(entry).join(''), 'a.service', manager);
    assert.deepEqual(found, [{ pid: 7, time: 1795556996891, matches }]);
  }
});
