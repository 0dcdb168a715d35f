import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/diagnostic.js';
import { HASHING } from '../../../src/machine/state/files-hash.js';
import { dropInFacts } from '../../../src/plan/emit/drop-in-facts.js';
import { emitFiles } from '../../../src/plan/emit/files.js';
import type { Plan } from '../../../src/plan/plan.js';
import { parseUnitFile } from '../../../src/systemd/unit/unit-file.js';
import { FOLDER } from '../../support/demo-service.js';
import { dropInText, planned } from '../../support/planned.js';

const ORIGIN = { version: '1.2.3', policyHash: 'abc', unitHash: 'def' };
const PLACEMENT = { scope: 'system', lifetime: 'always' } as const;

const PLAN = planned('[syscalls]\ndeny = ["execve", "execveat"]\n[service]\nPrivateTmp = true');

test('a drop-in has its origin, a reason for each directive, and its commands last', () => {
  assert.equal(
    dropInText(PLAN, ORIGIN),
    `# Made by sandbox-unit 1.2.3 from p.toml
# Policy: sha256:abc
# Unit: sha256:def
# For systemd 257
# What is changed here is lost when the policy is applied again.

[Unit]
# the launcher and its filter may be on mounts of their own
RequiresMountsFor=/usr/local/libexec/sandbox-unit/launcher /etc/systemd/system/demo.service.d

[Service]
# [syscalls] architectures
SystemCallArchitectures=
SystemCallArchitectures=native
# [syscalls]
SystemCallFilter=
SystemCallFilter=~execveat
# [syscalls] action
SystemCallErrorNumber=kill
# [service] PrivateTmp
PrivateTmp=yes
# without it only CAP_SYS_ADMIN may load a filter
NoNewPrivileges=yes
# the journal would show the name of the launcher
SyslogIdentifier=demod
# [exec] wrap: behind the launcher
ExecStart=
ExecStart=/usr/local/libexec/sandbox-unit/launcher --filter=${FOLDER}/zz-sandbox-unit.filter -- /usr/sbin/demod
`,
  );
});

test('a drop-in says which gaps were allowed, and nothing else counts as that', () => {
  const text = (gaps: string[]) => new TextEncoder().encode(dropInText(PLAN, { ...ORIGIN, gaps }));
  assert.deepEqual(dropInFacts(text(['gap-directive', 'gap-undone'])).gaps, ['gap-directive', 'gap-undone']);
  assert.deepEqual(dropInFacts(text([])).gaps, []);
  const forged = new TextEncoder().encode('# Gaps allowed: gap-x, \x1b[31m\n');
  assert.deepEqual(dropInFacts(forged).gaps, []);
});

test('the filter comes before the drop-in that needs it', () => {
  const files = emitFiles(PLAN, { start: Uint8Array.of(1, 2) }, PLACEMENT, ORIGIN, HASHING);
  assert.deepEqual(
    files.map(({ path, mode }) => [path, mode]),
    [
      [`${FOLDER}/zz-sandbox-unit.filter`, 0o644],
      [`${FOLDER}/zz-sandbox-unit.conf`, 0o644],
    ],
  );
  assert.deepEqual(files[0]!.content, Uint8Array.of(1, 2));
});

test('without a filter there is only the drop-in', () => {
  const plan = planned('[syscalls]\ndeny = ["uname"]');
  const paths = emitFiles(plan, {}, PLACEMENT, ORIGIN, HASHING).map(({ path }) => path);
  assert.deepEqual(paths, [`${FOLDER}/zz-sandbox-unit.conf`]);
});

test("[ready] has its own filter, and a line after the unit's own that loads it", () => {
  const plan = planned(
    '[ready]\ndeny = ["execve", "execveat", "io_uring_setup"]',
    'ExecStartPost=-/bin/second',
  );
  const files = emitFiles(plan, { ready: Uint8Array.of(1) }, PLACEMENT, ORIGIN, HASHING);
  const ready = `${FOLDER}/zz-sandbox-unit.ready-filter`;
  const paths = files.map(({ path }) => path);
  assert.deepEqual(paths, [ready, `${FOLDER}/zz-sandbox-unit.conf`]);
  const text = dropInText(plan, ORIGIN).replace(/^#.*\n/gm, '');
  assert.equal(
    text.slice(text.indexOf('[Service]')),
    '[Service]\nType=exec\nExecStartPost=\nExecStartPost=-/bin/second\n' +
      `ExecStartPost=+/usr/libexec/sandbox-unit/tighten --cgroup self --filter ${ready} --settle 500\n`,
  );
});

const HOSTILE = 'x\n[Service]\nExecStart=/bin/sh\r\u0000\u001b[2J%n$HOME\\';

test('names from outside stay in their comment', () => {
  const plan: Plan = {
    ...PLAN,
    policyFile: HOSTILE,
    directives: [{ name: 'PrivateTmp', values: ['yes'], because: HOSTILE }],
    commands: [],
  };
  const { assignments, diagnostics } = parseUnitFile('x.conf', dropInText(plan, ORIGIN));
  const found = assignments.map(({ section, key, value }) => [section, key, value]);
  assert.deepEqual(found, [['Service', 'PrivateTmp', 'yes']]);
  assert.deepEqual(diagnostics, []);
});

test('a value or a command that would leave its line is not written', () => {
  for (const value of ['a\nb', 'a\rb', 'a\0b', 'a\\', ' a', 'a ', '\ud800']) {
    const directives = [{ name: 'SyslogIdentifier', values: [value], because: 'x' }];
    assert.throws(() => dropInText({ ...PLAN, directives }, ORIGIN), UserError);
    const commands = [{ key: 'ExecStart', lines: [value], wrapped: 1 }];
    assert.throws(() => dropInText({ ...PLAN, commands }, ORIGIN), UserError);
  }
});
