/** Tests of plan/launcher/commands.ts and plan/launcher/interpreters.ts: commands of a unit, and what they start. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { planCommands, programPlaces, wrappedKeys } from '../../../src/plan/launcher/commands.js';
import { effectiveUnit } from '../../../src/systemd/unit/effective.js';
import { parseUnitFile } from '../../../src/systemd/unit/unit-file.js';
import { LAUNCHER } from '../../support/demo-service.js';
import { planned, targetOf } from '../../support/planned.js';
import { policyFrom } from '../../support/policy.js';
import { inRepository } from '../../support/repository.js';

const FILTER = '/etc/systemd/system/x.service.d/f';
const BEHIND = `${LAUNCHER} --filter=${FILTER}`;

const unit = (lines: string) => effectiveUnit([parseUnitFile('x.service', `[Service]\n${lines}`)]);

function commands(lines: string, exec = '', wanted: readonly string[] = []) {
  const {
    commands: found,
    without,
    diagnostics,
  } = planCommands({
    effective: unit(lines),
    policy: policyFrom(exec && (exec.startsWith('[') ? exec : `[exec]\n${exec}`)),
    target: targetOf(257),
    places: { dropIn: '/d', filterFile: FILTER, readyFile: '/r' },
  });
  assert.deepEqual(without, wanted);
  return { commands: found, codes: diagnostics.map(({ code, at }) => `${code}:${at?.line ?? ''}`) };
}

interface Case {
  readonly says: string;
  readonly lines: string;
  readonly exec?: string;
  readonly commands: readonly { key: string; lines: string[]; wrapped: number }[];
  readonly codes?: readonly string[];
  /** Keys with commands that run without it. */
  readonly without?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    says: 'ExecStart= gets the launcher, and nothing else does',
    lines: 'ExecStartPre=/bin/pre\nExecStart=/bin/a b\nExecReload=/bin/reload',
    commands: [{ key: 'ExecStart', lines: [`${BEHIND} -- /bin/a b`], wrapped: 1 }],
    without: ['ExecStartPre=', 'ExecReload='],
  },
  {
    says: 'lines with + are told from others that run without it',
    lines: 'ExecStart=/bin/a\nExecStop=+/bin/b\nExecStop=/bin/c\nExecStopPost=-+/bin/d',
    commands: [{ key: 'ExecStart', lines: [`${BEHIND} -- /bin/a`], wrapped: 1 }],
    without: ['ExecStop=', 'ExecStop=+', 'ExecStopPost=+'],
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
    codes: ['gap-exec-privileged:4', 'gap-exec:5'],
    without: ['ExecStart=', 'ExecStart=+'],
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
    says: "a bare name is searched where the policy says, in place of the unit's own directories",
    lines: 'ExecSearchPath=/opt/a\nExecStart=demod',
    exec: '[service]\nExecSearchPath = ["/opt/p", "/opt/q"]',
    commands: [{ key: 'ExecStart', lines: [`${BEHIND} --search-path=/opt/p:/opt/q -- demod`], wrapped: 1 }],
  },
  {
    says: 'where a specifier leads is not known, a gap',
    lines: 'ExecSearchPath=%h/bin:/opt/%p\nExecStart=demod',
    commands: [{ key: 'ExecStart', lines: ['demod'], wrapped: 0 }],
    codes: ['gap-exec:3'],
    without: ['ExecStart='],
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
    without: ['ExecStop='],
  },
];

for (const { says, lines, exec, commands: wanted, codes = [], without } of CASES) {
  test(says, () => {
    assert.deepEqual(commands(lines, exec, without), { commands: wanted, codes });
  });
}

test('the keys are ExecStart by default', () => {
  assert.deepEqual(wrappedKeys(policyFrom('')), ['ExecStart']);
  assert.deepEqual(wrappedKeys(policyFrom('[exec]\nwrap = []')), []);
});

test('a program is where its path says, or where systemd searches', () => {
  const places = (lines: string, policy = '') => [...programPlaces(policyFrom(policy), unit(lines))];
  assert.deepEqual(places('ExecStart=/bin/a'), [['/bin/a', ['/bin/a']]]);
  assert.deepEqual(places('ExecStart=a\nExecSearchPath=/x:/y/:rel'), [['a', ['/x/a', '/y//a']]]);
  assert.deepEqual(places('ExecStart=a\nExecSearchPath=/x', '[service]\nExecSearchPath = ["/z"]'), [
    ['a', ['/z/a']],
  ]);
  const header = readFileSync(inRepository('native-helper/base/find-program.h'), 'utf8');
  const usual = /DEFAULT_SEARCH_PATH "(.+)"/.exec(header)![1]!.split(':');
  assert.equal(usual.length, 6);
  assert.deepEqual(places('ExecStart=a'), [['a', usual.map((directory) => `${directory}/a`)]]);
});

test('a key that only newer systemd runs is behind the launcher there, and a gap elsewhere', () => {
  const RELOAD = 'ExecStart=\nExecStart=/usr/sbin/demod\nExecReloadPost=/bin/second';
  const NO_EXEC = '[syscalls]\ndeny = ["execve", "execveat"]\n';
  const found = (systemd: number, exec: string) => {
    const plan = planned(`${NO_EXEC}${exec}`, RELOAD, targetOf(systemd));
    const codes = plan.diagnostics.filter(({ code }) => code.startsWith('gap-')).map(({ code }) => code);
    return { keys: plan.commands.map(({ key }) => key), without: plan.without, codes };
  };
  const WRAP = '[exec]\nwrap = ["ExecStart", "ExecReloadPost"]\n';
  assert.deepEqual(found(258, ''), { keys: ['ExecStart'], without: [], codes: [] });
  assert.deepEqual(found(259, ''), { keys: ['ExecStart'], without: ['ExecReloadPost='], codes: [] });
  assert.deepEqual(found(258, WRAP), { keys: ['ExecStart'], without: [], codes: ['gap-exec'] });
  assert.deepEqual(found(259, WRAP), { keys: ['ExecStart', 'ExecReloadPost'], without: [], codes: [] });
});
