import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enforcementText } from '../../../src/cli/report/verify.js';
import { EXIT } from '../../../src/diagnostic.js';
import { PLAIN } from '../../../src/theme.js';
import type { NamedCalls } from '../../../src/verify/kernel/name-calls.js';
import type { ThreadGroup } from '../../../src/verify/kernel/thread-group.js';
import { planned } from '../../support/planned.js';

const PLAN = planned('[syscalls]\ndeny = ["uname"]');

const group = (more: Partial<ThreadGroup> = {}): ThreadGroup => ({
  processes: [{ pid: 7, name: 'demod', threads: 2 }],
  ...{ filters: 1, heldTo: 'policy', leftOver: false, calls: 'equal' },
  differences: [],
  ...more,
});

const text = (exit: number, ...groups: ThreadGroup[]) => enforcementText(PLAN, exit, groups);

test('a unit is enforced, not enforced, or not proven', () => {
  assert.equal(text(EXIT.ok), 'demo.service: enforced (p.toml)\n');
  assert.equal(text(EXIT.findings), 'demo.service: not enforced (p.toml)\n');
  assert.equal(text(EXIT.failure), 'demo.service: not proven (p.toml)\n');
});

const says = (more: Partial<ThreadGroup>) => /7 +\S+ +2 +1 +(.*)\n/.exec(text(EXIT.ok, group(more)))![1];

test('each process has the result of its filters beside the expected policy', () => {
  assert.equal(says({}), 'as the policy says');
  assert.equal(
    says({ calls: 'looser', leftOver: true }),
    'more permissive than the policy, left over from before',
  );
  assert.equal(says({ calls: 'unknown' }), "another filter than the policy's");
  assert.equal(
    says({ heldTo: 'systemd' }),
    "without the launcher, as planned; systemd's part: as the policy says",
  );
  assert.equal(says({ heldTo: 'nothing' }), 'without any sandbox, as planned');
});

test('a name that a process gave itself reaches the terminal escaped', () => {
  const shown = text(EXIT.ok, group({ processes: [{ pid: 7, name: 'a\x1b[2Jb', threads: 1 }] }));
  assert.ok(shown.includes('a\\x1b[2Jb') && !shown.includes('\x1b'));
});

const difference = (more: Partial<NamedCalls>): NamedCalls => ({
  ...{ abi: 'x86-64', calls: ['uname', 'bpf'], expected: 'kill', got: 'allow', someArguments: false },
  ...more,
});

test('a call that gets through has both answers', () => {
  const differences = [difference({}), difference({ got: 'EPERM', someArguments: true })];
  const [title, head, first, second] = text(EXIT.findings, group({ differences })).split('\n').slice(-5, -1);
  assert.equal(title, 'More permissive in 7:');
  assert.match(head!, /ABI +POLICY +CALLS/);
  assert.match(first!, /x86-64 +kill, got allow +uname, bpf$/);
  assert.match(second!, /kill, got EPERM \(some arguments\) +uname, bpf$/);
});

test('what is enforced and not enforced have different colours', () => {
  const look = { ...PLAIN, paint: (role: string, said: string) => `<${role}>${said}</>` };
  const styled = (exit: number, more: Partial<ThreadGroup>) =>
    enforcementText(PLAN, exit, [group(more)], look);
  assert.match(styled(EXIT.ok, {}), /: <good>enforced<\/>[\s\S]* <good>as the policy says<\/>/);
  const looser = styled(EXIT.findings, { calls: 'looser' });
  assert.match(looser, /: <bad>not enforced<\/>[\s\S]* <bad>more permissive than the policy<\/>/);
});
