/** Tests of explain/records/record.ts and explain/records/audit-log.ts: records of calls, as hostile as users can make them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { recordsIn } from '../../../src/explain/records/audit-log.js';
import { parseAuditLine, parseKernelLine } from '../../../src/explain/records/record.js';

const ID = 'audit(1795556996.891:18)';
const fields = (comm = '"sleep"', more = '') =>
  `auid=4294967295 uid=0 gid=0 ses=4294967295 ${more}pid=14706 comm=${comm} exe="/usr/bin/sleep" sig=31 arch=c000003e syscall=230 compat=0 ip=0x7f05e4bf03a7 code=0x80000000`;
const LINE = `audit: type=1326 ${ID}: ${fields()}`;
const RECORD = {
  ...{ id: ID, time: 1795556996891, fromLogin: false, pid: 14706, name: 'sleep', program: '/usr/bin/sleep' },
  ...{ arch: 0xc000003e, nr: 230, action: 0x80000000 },
};

test("a line of the kernel's log is read", () => {
  assert.deepEqual(parseKernelLine(LINE), RECORD);
  const confined = `audit: type=1326 ${ID}: ${fields('"sleep"', 'subj=/usr/bin/sleep (enforce) ')}`;
  assert.deepEqual(parseKernelLine(confined), RECORD);
});

test('a record with hex names, missing names or numbers of x32 is read', () => {
  assert.equal(parseKernelLine(LINE.replace('"sleep"', '6120220A'))?.name, 'a "\n');
  assert.equal(parseKernelLine(LINE.replace('"/usr/bin/sleep"', '(null)'))?.program, undefined);
  assert.equal(parseKernelLine(LINE.replace('=230', '=1073741883'))?.nr, 0x40000000 + 59);
  assert.equal(parseKernelLine(LINE.replace('=230', '=-1'))?.nr, 0xffffffff);
});

test("a line of auditd's log is read, with auditd's additions", () => {
  const line = `type=SECCOMP msg=${ID}: ${fields()}`;
  assert.deepEqual(parseAuditLine(`${line}\x1dARCH=x86_64 SYSCALL=clock_nanosleep`), RECORD);
  assert.deepEqual(parseAuditLine(`node=host ${line}`), { ...RECORD, node: 'host' });
  assert.equal(parseAuditLine(`type=USER_CMD msg=${ID}: ${fields()}`), undefined);
});

test("text in another form than the kernel's is no record", () => {
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

test("a process chooses its name, and can't forge a record with it", () => {
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

test("only the kernel's own entries of the journal are believed", () => {
  const audit = {
    ...{ _TRANSPORT: 'audit', _AUDIT_TYPE: '1326', _AUDIT_ID: '18', MESSAGE: `SECCOMP ${fields()}` },
    _SOURCE_REALTIME_TIMESTAMP: '1795556996891000',
  };
  assert.deepEqual(recordsIn(entry(KERNEL) + entry(audit)).records, [RECORD, RECORD]);
  assert.deepEqual([recordsIn(entry(KERNEL)).limited, recordsIn(entry(audit)).limited], [true, false]);
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

test('any output of the journal is read without an exception', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const nothing = { records: [], suppressed: 0, lost: 0, limited: true, begins: undefined };
      assert.deepEqual(recordsIn(text), nothing);
    }),
  );
});

test("the age of the kernel's oldest entry is known, if its audit records are there", () => {
  const at = (time: number, MESSAGE: string, more = {}) =>
    entry({ ...KERNEL, MESSAGE, __REALTIME_TIMESTAMP: `${time}000`, ...more });
  const audit = 'audit: type=2000 audit(1.000:1): state=initialized';
  assert.equal(recordsIn(at(7, 'x') + at(5, audit)).begins, 5);
  assert.equal(recordsIn(at(7, 'x') + at(5, audit, { SYSLOG_FACILITY: '3' })).begins, undefined);
  assert.equal(recordsIn(at(7, `x ${audit}`)).begins, undefined);
});

test('the last time when the kernel or journald dropped records is known', () => {
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
  assert.equal(recordsIn(kernels(5) + missed(7)).suppressed, 7);
  assert.equal(recordsIn(kernels(5) + missed(7, 'syslog')).suppressed, 5);
  assert.equal(recordsIn(kernels(5).replace('"kernel"', '"stdout"')).suppressed, 0);
});

test('an entry of the kernel that contains a record is none', () => {
  const MESSAGE = `x[7]: segfault at 0 ip 0 error 6 in x\n${LINE}\n[1132,55ec4536c000+1000]`;
  assert.deepEqual(recordsIn(entry({ ...KERNEL, MESSAGE })).records, []);
});
