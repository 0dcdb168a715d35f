import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confinedPrograms, planCommands, wrappedKeys } from '../../src/plan/commands.js';
import { effectiveUnit } from '../../src/unit/effective.js';
import { parseUnitFile } from '../../src/unit/unit-file.js';
import { targetOf } from '../support/planned.js';
import { policyFrom } from '../support/policy.js';

const FILTER = '/etc/systemd/system/x.service.d/f';
const LAUNCHER = '/usr/local/libexec/sandbox-unit/launcher';
const BEHIND = `${LAUNCHER} --filter=${FILTER}`;

const unit = (lines: string) => effectiveUnit([parseUnitFile('x.service', `[Service]\n${lines}`)]);

function commands(lines: string, exec = '') {
  const { commands: found, diagnostics } = planCommands({
    effective: unit(lines),
    policy: policyFrom(exec && `[exec]\n${exec}`),
    target: targetOf(257),
    places: { filterFile: FILTER },
  });
  return { commands: found, codes: diagnostics.map(({ code, at }) => `${code}:${at?.line ?? ''}`) };
}

interface Case {
  readonly says: string;
  readonly lines: string;
  readonly exec?: string;
  readonly commands: readonly { key: string; lines: string[]; wrapped: number }[];
  readonly codes?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    says: 'ExecStart= gets the launcher, and nothing else does',
    lines: 'ExecStartPre=/bin/pre\nExecStart=/bin/a b\nExecReload=/bin/reload',
    commands: [{ key: 'ExecStart', lines: [`${BEHIND} -- /bin/a b`], wrapped: 1 }],
  },
  {
    says: 'every line of a oneshot unit gets it, and each command of a line',
    lines: 'Type=oneshot\nExecStart=/bin/a\nExecStart=-/bin/b ; /bin/c d',
    commands: [
      {
        key: 'ExecStart',
        lines: [`${BEHIND} -- /bin/a`, `-${BEHIND} -- /bin/b`, `${BEHIND} -- /bin/c d`],
        wrapped: 3,
      },
    ],
  },
  {
    says: 'the keys that the policy names get it, each once, if the unit has them',
    lines: 'ExecStart=/bin/a\nExecReload=/bin/r',
    exec: 'wrap = ["ExecReload", "ExecStart", "ExecReload", "ExecStop"]',
    commands: [
      { key: 'ExecReload', lines: [`${BEHIND} -- /bin/r`], wrapped: 1 },
      { key: 'ExecStart', lines: [`${BEHIND} -- /bin/a`], wrapped: 1 },
    ],
  },
  {
    says: 'a line that can not be wrapped stays as it is, a gap',
    lines: 'Type=oneshot\nExecStart=/bin/a\nExecStart=+/bin/b "x y" $Z\nExecStart=|echo $HOME',
    commands: [
      {
        key: 'ExecStart',
        lines: [`${BEHIND} -- /bin/a`, '+/bin/b "x y" $Z', '|echo $HOME'],
        wrapped: 1,
      },
    ],
    codes: ['gap-exec-privileged:4', 'gap-exec-via-shell:5'],
  },
  {
    says: 'what is taken back by a reset is no command',
    lines: 'ExecStart=/bin/old\nExecStart=\nExecStart=/bin/new',
    commands: [{ key: 'ExecStart', lines: [`${BEHIND} -- /bin/new`], wrapped: 1 }],
  },
  {
    says: 'a bare name is searched where the unit says',
    lines: 'ExecSearchPath=/opt/a:/opt/b\nExecSearchPath=/opt/c\nExecStart=demod',
    commands: [
      { key: 'ExecStart', lines: [`${BEHIND} --search-path=/opt/a:/opt/b:/opt/c -- demod`], wrapped: 1 },
    ],
  },
  {
    says: 'a path needs no search',
    lines: 'ExecSearchPath=/opt/a\nExecStart=/bin/demod',
    commands: [{ key: 'ExecStart', lines: [`${BEHIND} -- /bin/demod`], wrapped: 1 }],
  },
  {
    says: 'a unit without the command is a gap',
    lines: 'ExecStop=/bin/true',
    commands: [],
    codes: ['gap-no-command:'],
  },
  {
    says: 'with programs no line is touched',
    lines: 'ExecStart=/bin/start',
    exec: 'programs = ["/bin/demod"]',
    commands: [],
  },
  {
    says: 'with programs the lines that are named are still wrapped',
    lines: 'ExecStart=/bin/start',
    exec: 'programs = ["/bin/demod"]\nwrap = ["ExecStart"]',
    commands: [{ key: 'ExecStart', lines: [`${BEHIND} -- /bin/start`], wrapped: 1 }],
  },
];

for (const { says, lines, exec, commands: wanted, codes = [] } of CASES) {
  test(says, () => {
    assert.deepEqual(commands(lines, exec), { commands: wanted, codes });
  });
}

test('the keys are ExecStart by default', () => {
  assert.deepEqual(wrappedKeys(policyFrom('')), ['ExecStart']);
  assert.deepEqual(wrappedKeys(policyFrom('[exec]\nwrap = []')), []);
});

test('the programs are those of the wrapped lines, each once, and those that the policy names', () => {
  const lines = 'ExecStartPre=/bin/pre\nExecStart=-@/bin/a b\nExecStart=/bin/a\nExecStart="/bin/c d"';
  assert.deepEqual(confinedPrograms(policyFrom(''), unit(lines)), ['/bin/a', '/bin/c d']);
  assert.deepEqual(confinedPrograms(policyFrom('[exec]\nprograms = ["/bin/x"]'), unit(lines)), ['/bin/x']);
});
