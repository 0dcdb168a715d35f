import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planned, targetOf } from '../../support/planned.js';

const POLICY = '[syscalls]\ndeny = ["uname"]\n';

/** The programs that are said to be missing of a unit whose only one is the usual `/usr/sbin/demod`. */
const missing = (lines: string, policy = POLICY, target = targetOf(257)) =>
  planned(policy, lines, target)
    .diagnostics.filter(({ code }) => code === 'no-program')
    .map(({ severity, message }) => `${severity}: ${message}`);

const GONE = ["warning: there is no program '/opt/gone'"];

const CASES: readonly [says: string, lines: string, found: readonly string[], policy?: string][] = [
  ['that is there', '', []],
  ['that is not', 'ExecStart=\nExecStart=/opt/gone -x', GONE],
  ['that may be missing', 'ExecStart=\nExecStart=-/opt/gone', []],
  ["that is a shell's line", 'ExecStart=\nExecStart=|/opt/gone', []],
  ['that a specifier names', 'ExecStart=\nExecStart=/opt/%N', []],
  ['below another root', 'RootDirectory=/srv\nExecStart=\nExecStart=/opt/gone', []],
  ['that may be mounted there', 'BindPaths=/srv:/opt\nExecStart=\nExecStart=/opt/gone', []],
  ['of a line that the policy is not about', 'ExecReload=/opt/gone', []],
  [
    'of a line that it is about',
    'ExecReload=/opt/gone',
    GONE,
    `${POLICY}[exec]\nwrap = ["ExecStart", "ExecReload"]\n`,
  ],
];

for (const [says, lines, found, policy] of CASES) {
  test(`a program ${says}${found.length > 0 ? ' is said to be missing' : ' is not missed'}`, () => {
    assert.deepEqual(missing(lines, policy), found);
  });
}
