import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checklistLines } from '../../src/evidence/policy/text/checklist-text.js';
import { SEAL } from '../../src/evidence/policy/text/policy-text.js';
import { promotion, type Used } from '../../src/evidence/promote.js';
import { promotedComments } from '../../src/evidence/promoted-comments.js';
import { editPolicy } from '../../src/policy/edit.js';
import { parsePolicy } from '../../src/policy/parse.js';
import { bundledSets } from '../../src/syscalls/sets.js';
import { learned } from '../support/learned.js';
import { NGINX } from '../support/learned-services.js';

const FILE = 'x.toml';
const TCGETS = '21505';

const item = (what: 'start' | 'week', seen: 'yes' | 'no') => ({ what, seen, count: 0 });

/** The policy of a service, of which a call of each kind is logged. */
const { text: LEARNED } = learned(NGINX, {
  reachable: new Set(['sysinfo', 'chmod', 'ioctl', 'prctl']),
  checklist: [item('start', 'yes'), item('week', 'no')],
});
const SEALED = `${LEARNED}${SEAL}${'0a'.repeat(32)}\n`;

const seen = (values: readonly string[]): Used => ({
  calls: ['sysinfo', 'ioctl'].map((name) => ({ architecture: 'x86-64', name })),
  arguments: [
    {
      ...{ architecture: 'x86-64', name: 'ioctl', arguments: [1], lost: 0 },
      values: values.map((value) => [value]),
    },
  ],
  ...{ lost: {}, blind: [] },
});

function promoted(
  text: string,
  used: Used,
  head = checklistLines([item('start', 'yes'), item('week', 'yes')]),
) {
  const { policy } = parsePolicy(text, FILE);
  const planned = promotion(policy.syscalls!, FILE, used, bundledSets());
  const edits = [
    ...planned.edits,
    ...promotedComments(planned, policy.syscalls!, { path: FILE, text }, head),
  ];
  const after = editPolicy(text, edits)!;
  parsePolicy(after, FILE);
  return after;
}

/** Comments that are true of a policy on trial alone. */
const ON_TRIAL =
  /Not seen: let through and logged|Others are let through and logged|a whole week\.$|SHA-256/m;

test('no comment is left that speaks of the trial', () => {
  const lines = (text: string) => text.split('\n').filter((line) => ON_TRIAL.test(line)).length;
  assert.ok(lines(SEALED) >= 4);
  const after = promoted(SEALED, seen([TCGETS]), checklistLines([item('start', 'yes')]));
  assert.equal(lines(after), 0);
  assert.match(after, /^# Seen: start\.$/m);
  assert.doesNotMatch(after, /^# Not seen, so that it may fail/m);
  assert.match(after, /^ {2}# Used while it was let through and logged\n {2}"sysinfo",\n\]$/m);
  assert.match(after, /^# Requests to devices, .* libraries ask for\. Others are refused\.$/m);
});

test('what the trial has shown of the life is in the head', () => {
  const after = promoted(SEALED, seen([TCGETS]));
  assert.match(after, /^# Seen: start, a whole week\.$/m);
  assert.doesNotMatch(after, /^# Not seen, so/m);
});

test('a comment on rules that go on logging stays', () => {
  const after = promoted(SEALED, seen(['7']));
  assert.match(after, /^# Requests to devices, .* Others are let through and logged\.$/m);
  assert.match(after, /^# Operations on the process itself .* Others are refused\.$/m);
});

test("somebody's own head and rules keep their comments", () => {
  const head = '# Seen: my work.\n# Not seen, so that it may fail: yours.\n';
  const after = promoted(head + LEARNED, seen([TCGETS]));
  assert.ok(after.startsWith(head));
  const own = promoted(SEALED.replace(/^# Requests.*$/m, '# My own.'), seen([TCGETS]));
  assert.match(own, /^# My own\.\n\[\[syscalls\.rules\]\]\nsyscall = "ioctl"$/m);
});

test('line ends of another system are kept', () => {
  const after = promoted(SEALED.replaceAll('\n', '\r\n'), seen([TCGETS]));
  assert.equal(after, promoted(SEALED, seen([TCGETS])).replaceAll('\n', '\r\n'));
});
