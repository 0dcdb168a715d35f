import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT } from '../../src/diagnostic.js';
import { PLAIN } from '../../src/look.js';
import { enforcementText, groupsJson } from '../../src/report/verify.js';
import type { NamedDifference } from '../../src/verify/kernel/name-differences.js';
import type { ThreadGroup } from '../../src/verify/kernel/thread-group.js';
import { planned } from '../support/planned.js';

const PLAN = planned('[syscalls]\ndeny = ["uname"]');

const group = (more: Partial<ThreadGroup> = {}): ThreadGroup => ({
  processes: [{ pid: 7, name: 'demod', threads: 2 }],
  ...{ filters: 1, heldTo: 'policy', leftOver: false, calls: 'equal' },
  ...{ differences: [], ranges: 3, sampled: 0, uncompared: 0 },
  ...more,
});

const text = (exit: number, ...groups: ThreadGroup[]) => enforcementText(PLAN, exit, groups);

test('a unit is enforced, not enforced, or not proven', () => {
  assert.equal(text(EXIT.ok), 'demo.service: enforced (p.toml)\n');
  assert.equal(text(EXIT.findings), 'demo.service: not enforced (p.toml)\n');
  assert.equal(text(EXIT.failure), 'demo.service: not proven (p.toml)\n');
});

const says = (more: Partial<ThreadGroup>) => /7 +\S+ +2 +1 +(.*)\n/.exec(text(EXIT.ok, group(more)))![1];

test('each process has what its filters come to beside what it is held to', () => {
  assert.equal(says({}), 'as the policy says');
  assert.equal(says({ calls: 'looser', leftOver: true }), 'looser than the policy, left over from before');
  assert.equal(says({ calls: 'unknown' }), "can't be known");
  assert.equal(
    says({ heldTo: 'systemd', calls: 'stricter' }),
    "without the launcher, as planned; systemd's part: as the policy says, or stricter",
  );
  assert.equal(says({ heldTo: 'nothing' }), 'without any sandbox, as planned');
});

test('a name that a process gave itself reaches no terminal as it is', () => {
  const shown = text(EXIT.ok, group({ processes: [{ pid: 7, name: 'a\x1b[2Jb', threads: 1 }] }));
  assert.ok(shown.includes('a\\x1b[2Jb') && !shown.includes('\x1b'));
});

const difference = (more: Partial<NamedDifference>): NamedDifference => ({
  ...{ relation: 'looser', abi: 'x86-64', calls: ['uname', 'bpf'], expected: 'kill', got: 'allow' },
  ...{ someArguments: false, by: [] },
  ...more,
});

test('a difference has the calls, both answers, and who answers', () => {
  const rows = (...differences: NamedDifference[]) =>
    enforcementText(PLAN, EXIT.findings, [group({ differences })], { verbose: true })
      .split('\n')
      .slice(-2 - differences.length, -1);
  const [head, looser, stricter] = rows(
    difference({}),
    difference({ relation: 'stricter', got: 'EPERM', someArguments: true }),
  );
  assert.match(head!, /ABI +POLICY +BY +CALLS/);
  assert.match(looser!, /looser +x86-64 +kill, got allow +uname, bpf$/);
  assert.match(stricter!, /kill, got EPERM +another filter \(some arguments\) +uname, bpf$/);
  const [, by] = rows(difference({ relation: 'stricter', by: ['RestrictNamespaces', 'LockPersonality'] }));
  assert.match(by!, /RestrictNamespaces=, LockPersonality= +uname/);
});

test('calls that only directives refuse beside the policy are named where that is asked for', () => {
  const differences = [
    difference({ relation: 'stricter', abi: 'x86', by: ['RestrictRealtime', 'LockPersonality'] }),
    difference({ relation: 'stricter', by: ['LockPersonality'] }),
  ];
  const folded = "Stricter for 7, by LockPersonality=, RestrictRealtime=: '--verbose' names the calls\n";
  const only = text(EXIT.ok, group({ differences }));
  assert.ok(only.endsWith(`  as the policy says\n${folded}`), only);
  const beside = [difference({}), difference({ relation: 'stricter' })];
  const more = text(EXIT.findings, group({ differences: [...differences, ...beside] }));
  assert.ok(more.endsWith(`uname, bpf\n${folded}`), more);
  assert.equal(more.match(/uname, bpf/g)?.length, 2);
});

test('programs get each group whole', () => {
  const [found] = groupsJson([group({ uncompared: 1 })]);
  assert.deepEqual(found, {
    ...{ processes: [{ pid: 7, name: 'demod', threads: 2 }], filters: 1, heldTo: 'policy', leftOver: false },
    ...{ calls: 'equal', ranges: 3, sampled: 0, uncompared: 1, differences: [] },
  });
});

test('what is enforced and what is not are styled otherwise', () => {
  const look = { ...PLAIN, paint: (role: string, said: string) => `<${role}>${said}</>` };
  const styled = (exit: number, more: Partial<ThreadGroup>) =>
    enforcementText(PLAN, exit, [group(more)], { look });
  assert.match(styled(EXIT.ok, {}), /: <good>enforced<\/>[\s\S]* <good>as the policy says<\/>/);
  const looser = styled(EXIT.findings, { calls: 'looser' });
  assert.match(looser, /: <bad>not enforced<\/>[\s\S]* <bad>looser than the policy<\/>/);
});
