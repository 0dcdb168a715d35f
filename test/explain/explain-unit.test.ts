/** Tests of explain/explain-unit.ts, explain/explanation.ts, explain/opens.ts,
 * explain/refusals-after-restart.ts and explain/tally.ts: what is said of refused calls. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { fakeContext, program } from '../support/fake-system.js';
import {
  done,
  explained,
  kernel,
  machine,
  POLICY,
  POLICY_FILE,
  RAN,
  record,
  START,
  UNIT,
} from '../support/refusals-in-memory.js';

const SCRIPTS: readonly [line: string, ran: string, found: boolean][] = [
  ['#!/usr/bin/perl -w', '/usr/bin/perl', true],
  ['#! /usr/bin/env perl', '/usr/bin/perl', true],
  ['#!/usr/bin/env -S LANG=C perl -w', '/usr/bin/perl', true],
  ['#!/usr/bin/python3', '/usr/bin/perl', false],
];

for (const [line, ran, found] of SCRIPTS) {
  test(`the calls of a service that is a script with ${line} are ${found ? '' : 'not '}those of ${ran}`, async () => {
    const system = machine({ records: [record(7, 165, ran)] }, { files: { [RAN]: program(`${line}\n`) } });
    assert.deepEqual((await explained(system)).calls, found ? [['mount', false]] : []);
  });
}

test('explain: names the line that refused a call, and what would allow it', async () => {
  const { exit, text } = await explained(machine({ records: [record(100, 165), record(100, 165)] }));
  assert.equal(exit, 1);
  assert.deepEqual(text.split('\n'), [
    'demo.service: 1 call was refused',
    '',
    '/etc/sandbox-unit/demo.service.toml:2:9: error[refused-call]: mount (165) ended the process: deny @mount',
    '  2 | deny = ["@mount"]',
    '    |         ^^^^^^^^',
    '  by demod[100] (/usr/sbin/demod), once at 2023-11-14T22:14:20.000Z',
    '  to allow it, add a rule that allows mount (/etc/sandbox-unit/demo.service.toml)',
    '      [[syscalls.rules]]',
    '      syscall = "mount"',
    '      when = [{ arg = 0, ge = 0 }] # any value',
    '      action = "allow"',
    '  warning[opens]: with CAP_SYS_ADMIN it can then change which files it sees',
    '',
  ]);
});

describe('explain under a policy with [ready]', () => {
  const READY = '[syscalls]\ndeny = ["mount"]\n[ready]\ndeny = ["execve", "bind"]\naction = "kill"\n';
  /** @param served when the service was up, in seconds since its start; undefined: never */
  const phases = async (calls: readonly number[], served: number | undefined, policy = READY) => {
    const enter = (properties: Map<string, unknown>) => {
      if (served !== undefined) properties.set('ActiveEnterTimestamp', BigInt(START + served) * 1_000_000n);
      else properties.set('ActiveState', 'failed');
    };
    const records = calls.map((call) => record(100, call));
    const system = machine({ records }, { distort: enter });
    system.files.set(POLICY_FILE, { bytes: new TextEncoder().encode(policy), mode: 0o644 });
    const { refusals, text } = await explained(system);
    return { text, told: refusals.map((one) => [one.call, (one as { phase?: string }).phase]) };
  };

  test('says whether a call was made at a start, or once the service served', async () => {
    assert.deepEqual((await phases([165], 120)).told, [['mount', 'start']]);
    assert.deepEqual((await phases([165], 30)).told, [['mount', 'ready']]);
    assert.deepEqual((await phases([165], undefined)).told, [['mount', 'start']]);
    assert.match((await phases([165], 120)).text, /Z, at a start\n/);
    assert.deepEqual((await phases([165], 120, '[syscalls]\ndeny = ["mount"]\n')).told, [
      ['mount', undefined],
    ]);
  });

  test('explains a call that only its filter refuses as made after readiness', async () => {
    const { told, text } = await phases([59], 120);
    assert.deepEqual(told, [['execve', 'ready']]);
    assert.match(
      text,
      /:4:9: error\[refused-call\]: execve \(59\) ended the process: deny execve, once it serves\n/,
    );
    assert.match(text, /\n {2}to allow it, take "execve" out of deny in line 4 \(/);
  });

  test('proposes to allow a call that a base refuses without that base', async () => {
    const system = machine({ records: [record(100, 59)] });
    for (const [path, text] of [
      [POLICY_FILE, 'extends = ["tight"]\n[syscalls]\ndeny = ["acct"]\n'],
      ['/etc/sandbox-unit/templates/tight.toml', '[ready]\ndeny = ["execve", "execveat"]\naction = "kill"\n'],
    ] as const)
      system.files.set(path, { bytes: new TextEncoder().encode(text), mode: 0o644 });
    const { text } = await explained(system);
    assert.match(text, /\n {2}to allow it, add a rule that allows execve \(.*\n {6}\[\[ready\.rules\]\]\n/);
    assert.ok(text.includes('\n  or take "tight" out of extends in line 1, and with it execveat ('), text);
  });
});

test('explain: proposes to remove an extended policy from `extends` if it refuses the call', async () => {
  const file = `/etc/sandbox-unit/${UNIT}.toml`;
  const base = '/etc/sandbox-unit/templates/none.toml';
  const other = '/etc/sandbox-unit/templates/other.toml';
  const told = async (own: string, ofBase: string) => {
    const system = machine({ records: [record(100, 59)] });
    for (const [path, text] of [
      [file, own],
      [base, ofBase],
      [other, 'extends = ["none"]\n'],
    ] as const)
      system.files.set(path, { bytes: new TextEncoder().encode(text), mode: 0o644 });
    const { text, json } = await explained(system);
    const [{ instead } = {}] = json.refusals as { instead?: { does: string } }[];
    return { text, does: instead?.does };
  };
  const BASE = '[syscalls]\ndeny = ["execve", "execveat"]\n';
  const found = await told('# mine\nextends = ["none"]\n[syscalls]\ndeny = ["acct"]\n', BASE);
  const does = 'take "none" out of extends in line 2, and with it execveat';
  assert.equal(found.does, does);
  assert.match(found.text, /\n {2}to allow it, add a rule that allows execve \(.*\n {6}/);
  assert.ok(found.text.includes(`\n  or ${does} (${file})\n`));
  const more = `${BASE}[service]\nPrivateTmp = true\n`;
  assert.match((await told('extends = ["none"]\n', more)).does ?? '', /with it execveat, PrivateTmp=$/);
  // Where another brings it in as well, where it is refused by the policy, too, or all would be let through.
  assert.equal((await told('extends = ["none", "other"]\n', BASE)).does, undefined);
  assert.equal((await told('extends = ["none"]\n[syscalls]\ndeny = ["execve"]\n', BASE)).does, undefined);
  const allows = BASE.replace('deny', 'allow = ["@system-service"]\ndeny');
  assert.equal((await told('extends = ["none"]\n', allows)).does, undefined);
});

test("explain: a call that the host's defaults refuse is allowed by a rule, or without them", async () => {
  const host = '/etc/sandbox-unit/defaults.toml';
  const system = machine({ records: [record(100, 59)] });
  for (const [path, text] of [
    [POLICY_FILE, '[syscalls]\ndeny = ["acct"]\n'],
    [host, '[syscalls]\ndeny = ["execve", "execveat"]\n'],
  ] as const)
    system.files.set(path, { bytes: new TextEncoder().encode(text), mode: 0o644 });
  const { text } = await explained(system);
  assert.ok(text.includes(`${host}:2`), text);
  assert.match(text, /\n {2}to allow it, add a rule that allows execve \(/);
  const does = 'write "defaults = false" as the first line, and with it execveat';
  assert.ok(text.includes(`\n  or ${does} (${POLICY_FILE})\n`), text);
});

test('explain: invisible characters in the name of an extended policy are shown as numbers', async () => {
  const system = machine({ records: [record(100, 59)] });
  const expected = '[[expect]]\nsyscall = "execve"\naction = "kill"\n';
  for (const [path, text] of [
    [POLICY_FILE, 'extends = ["./b\\u001b[41m\\u202e.toml"]\n'],
    ['/etc/sandbox-unit/b\x1b[41m\u202e.toml', `[syscalls]\ndeny = ["execve"]\n${expected}`],
  ] as const)
    system.files.set(path, { bytes: new TextEncoder().encode(text), mode: 0o644 });
  const { text } = await explained(system);
  assert.match(text, /\n {2}and add an expectation that replaces .*b\\x1b\[41m\\u202e\.toml:/);
  assert.match(text, /\n {2}or take "\.\/b\\x1b\[41m\\u202e\.toml" out of extends/);
  assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Cf}]/u);
});

test("explain: a call that may be another service's gets no change, and is left out once it is known", async () => {
  const guess = await explained(machine({ records: [record(7, 165)] }));
  assert.deepEqual([guess.exit, guess.calls], [1, [['mount', false]]]);
  const [{ changes, instead, opens } = assert.fail()] = guess.refusals;
  assert.deepEqual([changes, instead, opens], [[], undefined, undefined]);
  assert.match(guess.text, /error\[refused-call\]: probably of this unit: mount \(165\) ended the process/);
  assert.match(
    guess.text,
    /^ {2}no change .*, because another unit may have made the call; 'explain --record'/m,
  );
  assert.doesNotMatch(guess.text, /to allow it|opens/);
  const both = await explained(machine({ records: [record(7, 165), record(100, 165), record(8, 165)] }));
  assert.deepEqual(
    both.refusals.map(({ certain, count, processes }) => [certain, count, processes.map(({ pid }) => pid)]),
    [[true, 1, [100]]],
  );
  assert.match(both.text, /to allow it, add a rule that allows mount/);
});

test('explain: a call refused in a rolled-back trial is explained once, though the service restarted since', async () => {
  const system = machine({ records: [record(7, 165, RAN, { at: START - 60 })] });
  const policy = POLICY_FILE;
  await system.replace(policy, new TextEncoder().encode(POLICY), {
    mode: 0o644,
    modified: (START - 90) * 1000,
  });
  const { exit, calls, codes, text } = await explained(system);
  assert.deepEqual([exit, calls, codes], [1, [['mount', false]], ['not-applied']]);
  assert.equal(text.match(/deny @mount/g)?.length, 1);
  // Of what was refused before the policy was written it says nothing.
  await system.replace(policy, new TextEncoder().encode(POLICY), {
    mode: 0o644,
    modified: (START - 30) * 1000,
  });
  assert.deepEqual((await explained(system)).calls, []);
});

test('apply: a roll-back names the refused call, and waits for its record', async () => {
  let looks = 0;
  const system = machine(
    {},
    {
      behaviour: (_, confined) => (confined ? 'dies' : 'works'),
      links: {},
      programs: {
        journalctl: (argv) => {
          const ofKernel =
            argv.includes('_TRANSPORT=kernel') && argv.some((word) => word.startsWith('--since'));
          if (ofKernel) looks++;
          return done(ofKernel && looks === 3 ? kernel(record(7, 165)) : '');
        },
      },
    },
  );
  const { exit, diagnostics } = await apply(fakeContext(system), [UNIT], {});
  const refused = diagnostics.filter(({ code }) => code === 'refused-call');
  assert.equal(exit, 1);
  const found = refused.map(({ message, at }) => [message, at?.line]);
  assert.deepEqual(found, [['probably of this unit: mount (165) ended the process: deny @mount', 2]]);
  assert.match(refused[0]!.hint!, /^no change is proposed, because another unit may have made the call/);
  assert.deepEqual(
    system.calls.filter((call) => call === 'wait 200'),
    ['wait 200', 'wait 200'],
  );
});
