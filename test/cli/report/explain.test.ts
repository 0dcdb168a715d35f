/** Tests of cli/report/explain.ts and cli/report/explanations-json.ts: explanations as text and as JSON. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explanationsText } from '../../../src/cli/report/explain.js';
import { explanationsJson } from '../../../src/cli/report/explanations-json.js';
import type { Explanation } from '../../../src/explain/explanation.js';

const explanation = (more: Partial<Explanation> = {}): Explanation => ({
  call: { abi: 'x86-64', number: 165, name: 'mount', known: true },
  ...{ got: 'killed', count: 1, last: 1_700_000_000_000, certain: true },
  processes: [{ pid: 7, name: 'demod', program: '/usr/sbin/demod' }],
  cause: { kind: 'denied', what: 'deny @mount', at: { file: 'p.toml', line: 2, column: 9 } },
  changes: [{ does: "add 'mount' to allow", where: 'p.toml', text: 'allow = ["mount"]', line: 3 }],
  ...{ instead: undefined, opens: undefined },
  ...more,
});

const text = (...all: Explanation[]) =>
  explanationsText('demo.service', all, { sources: new Map(), machine: 'x86-64' });

test('the head counts calls that were refused, and that would be', () => {
  const head = (...all: Explanation[]) => text(...all).split('\n')[0];
  assert.equal(head(), 'demo.service: no refused call is on record');
  assert.equal(head(explanation()), 'demo.service: 1 call was refused');
  const uname = { abi: 'x86-64', number: 63, name: 'uname', known: true } as const;
  assert.equal(head(explanation(), explanation({ call: uname })), 'demo.service: 2 calls were refused');
  const args = { ...explanation().call, args: [1n] };
  assert.equal(head(explanation(), explanation({ call: args })), 'demo.service: 1 call was refused');
  assert.equal(head(explanation({ got: 'recorded' })), 'demo.service: no call was refused, 1 would be');
});

test('each call has its processes, its last time, and changes that allow it', () => {
  const shown = text(
    explanation({
      count: 3,
      instead: { does: 'drop @mount', where: 'systemctl edit' },
      opens: 'it may mount',
    }),
  );
  assert.match(shown, /by demod\[7\] \(\/usr\/sbin\/demod\), 3 times, last at 2023-11-14T22:13:20\.000Z\n/);
  assert.match(shown, / {2}to allow it, add 'mount' to allow \(p\.toml\)\n {6}allow = \["mount"\]\n/);
  assert.match(shown, / {2}or drop @mount \(systemctl edit demo\.service\)\n/);
  assert.match(shown, /it may mount/);
});

test('under a policy with [ready], calls of the start and later ones are told apart', () => {
  const atStart = explanation({ phase: 'start' });
  const late = explanation({
    phase: 'ready',
    cause: { kind: 'denied', what: 'deny mount, once it serves', phase: 'ready' },
  });
  assert.match(text(atStart), /, once at 2023-11-14T22:13:20\.000Z, at a start\n/);
  assert.match(text(late), /, once at 2023-11-14T22:13:20\.000Z, once it served\n/);
  assert.match(text(explanation()), /, once at 2023-11-14T22:13:20\.000Z\n/);
  const told = explanationsJson([atStart, late, explanation()]).map((one) => [
    'phase' in one ? one.phase : null,
    'phase' in one.cause ? one.cause.phase : null,
  ]);
  assert.deepEqual(told, [
    ['start', null],
    ['ready', 'ready'],
    [null, null],
  ]);
});

test('names of processes and texts of policies reach the terminal escaped', () => {
  const hostile = 'a\x1b[2J\nb';
  const shown = text(
    explanation({
      processes: [{ pid: undefined, name: hostile, program: hostile }],
      changes: [{ does: hostile, where: hostile, text: 'deny = ["\x1b"]' }],
    }),
  );
  assert.ok(!shown.includes('\x1b') && !shown.includes('\nb'));
});

test('a guess is marked as one, with a way to be sure', () => {
  const guess = explanation({ certain: false, changes: [] });
  assert.match(text(guess), /\n {2}no change is proposed.*; 'explain --record', outside/);
  const recorded = { sources: new Map(), machine: 'x86-64', recorded: true };
  assert.match(
    explanationsText('demo.service', [guess], recorded),
    /\n {2}no change .*; another run, outside/,
  );
  assert.doesNotMatch(text(explanation({ changes: [] })), /no change/);
});

test('JSON has numbers in hex, and null for unknown values', () => {
  const [found] = explanationsJson([
    explanation({
      call: { abi: undefined, number: 5, name: 'call 5', known: false, args: [255n] },
      processes: [{ pid: undefined, name: 'a', program: undefined }],
    }),
  ]);
  assert.deepEqual(
    [found!.abi, found!.args, found!.processes],
    [null, ['0xff'], [{ pid: null, name: 'a', program: null }]],
  );
  assert.deepEqual(found!.cause, { kind: 'denied', what: 'deny @mount', file: 'p.toml', line: 2, column: 9 });
  assert.ok(!('instead' in found!) && !('opens' in found!));
});
