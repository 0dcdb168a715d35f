/** Services in a box, confined by the command as an administrator runs it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Box, boxAvailable } from './box.js';
import { runCommand } from './command-in-box.js';
import { changeFiles, type Files } from './loaded-units.js';
import { compileC, launcherObstacle, sharedFolder } from './native.js';
import { inRepository } from './repository.js';
import type { RunResult } from './run.js';
import { splitLines } from './run.js';
import type { TreeName } from './tree.js';

/** Why no service can be confined on this machine, or undefined: `test('…', { skip: servicesObstacle() }, …)`. */
export const servicesObstacle = (tree?: TreeName): string | undefined =>
  boxAvailable(tree) ?? launcherObstacle();

/** Where the tests' own programs are in a box. */
export const PROGRAMS = '/opt/programs';

/** What programs read and write, by unit: `UNIT.in`, `UNIT.out`. */
export const FILES = '/run/files';

/** The programs of a box by name: a C file of the repository, and words for the compiler. */
export type Programs = Readonly<Record<string, readonly [file: string, ...options: string[]]>>;

/** Boots a box that has these programs in PROGRAMS. */
export async function bootWithPrograms(
  name: string,
  programs: Programs = {},
  tree: TreeName = 'machine',
  kernelCommandLine: readonly string[] = [],
): Promise<Box> {
  const folder = sharedFolder();
  const [box] = await Promise.all([
    Box.boot({ name, tree, kernelCommandLine }),
    ...Object.entries(programs).map(([output, source]) => compile(source, join(folder, output))),
  ]);
  await box.succeed(['mkdir', '-p', PROGRAMS, FILES]);
  for (const output of Object.keys(programs))
    await box.writeFile(`${PROGRAMS}/${output}`, readFileSync(join(folder, output)), '0755');
  return box;
}

/** Compiles a program to this path. */
export const compile = ([file, ...options]: Programs[string], output: string): Promise<void> =>
  compileC([inRepository(file), ...options], output);

/** The command as an administrator starts it, in a process of its own. */
export const COMMAND: readonly string[] = ['node', inRepository('dist/sandbox-unit.cjs')];

/** Runs the command in a box, as root. */
export const sandboxUnit = (box: Box, ...words: string[]): Promise<RunResult> => runCommand(box, words);

/** Lays out a folder by which `--root` has a box's own files: the root of a system that runs is refused. */
export async function folderWithSystem(box: Box): Promise<string> {
  await box.sh(`mkdir -p /system && ln -s usr/lib /system/lib
    for one in etc run usr var; do mkdir "/system/$one"; mount --bind "/$one" "/system/$one"; done`);
  return '/system';
}

/** Where an administrator's policy for a unit is. */
export const policyPath = (unit: string): string => `/etc/sandbox-unit/${unit}.toml`;

/** Applies a policy to units, which has to succeed. Returns what the command said. */
export async function apply(box: Box, policy: string, ...units: string[]): Promise<string> {
  for (const unit of units) await box.writeFile(policyPath(unit), policy);
  const { status, stdout, stderr } = await sandboxUnit(box, 'apply', ...units);
  assert.equal(status, 0, `apply: status ${status}\n${policy}\n${stdout}${stderr}`);
  return stdout + stderr;
}

/** Takes back what apply did to units, and removes the policies. */
export async function revert(box: Box, ...units: string[]): Promise<void> {
  const { status, stdout, stderr } = await sandboxUnit(box, 'revert', ...units);
  assert.equal(status, 0, `revert: status ${status}\n${stdout}${stderr}`);
  await box.succeed(['rm', '-f', ...units.map(policyPath)]);
}

/** Properties of a unit as systemctl(1) shows them. */
export async function properties<Name extends string>(
  box: Box,
  unit: string,
  ...names: Name[]
): Promise<Record<Name, string>> {
  const text = await box.succeed(['systemctl', 'show', `--property=${names.join(',')}`, '--', unit]);
  const pairs = splitLines(text).map((line) => [
    line.slice(0, line.indexOf('=')),
    line.slice(line.indexOf('=') + 1),
  ]);
  return Object.fromEntries(pairs);
}

export const mainPid = async (box: Box, unit: string): Promise<number> =>
  Number((await properties(box, unit, 'MainPID')).MainPID);

/** What /proc/PID/status says of a process, by key. */
export async function processStatus(box: Box, pid: number): Promise<ReadonlyMap<string, string>> {
  const text = await box.readFile(`/proc/${pid}/status`);
  return new Map(text.split('\n').map((line) => line.split(':\t') as [string, string]));
}

/** Lines of a [Service] section whose program's input and output are files. */
export const withFiles = (lines: string): string => `[Service]
StandardInput=file:${FILES}/%n.in
StandardOutput=append:${FILES}/%n.out
StandardError=inherit
RemainAfterExit=yes
${lines}
`;

/** Defines a unit whose program runs to its end, and what it reads. */
export const defineProgram = (box: Box, unit: string, lines: string, input = ''): Promise<void> =>
  changeFiles(box, {
    [`/etc/systemd/system/${unit}`]: withFiles(lines),
    [`${FILES}/${unit}.in`]: input,
  } satisfies Files);

/** How a service's main process ended, as `Result=`, `ExecMainCode=` and `ExecMainStatus=` tell. */
export interface Ending {
  readonly result: string;
  readonly end: string;
  readonly output: string;
}

/** The ending of a program that a refused system call has killed before it said anything. */
export const KILLED: Ending = { result: 'signal', end: 'killed by signal 31', output: '' };

export const exited = (status: number, output: string): Ending => ({
  result: status === 0 ? 'success' : 'exit-code',
  end: `exited with ${status}`,
  output,
});

/** By the kernel's CLD_*: what `ExecMainCode=` has. */
const ENDS: Readonly<Record<string, string>> = {
  1: 'exited with',
  2: 'killed by signal',
  3: 'dumped core by signal',
};

/** Starts a unit of defineProgram(), waits for its end and resets it. */
export async function runToEnd(box: Box, unit: string): Promise<Ending> {
  const script = `
    rm -f "$2"
    systemctl start "$1" || :
    until systemctl show --property=SubState "$1" | grep -Eq '=(dead|exited|failed)$'; do sleep 0.02; done
    systemctl show --property=Result,ExecMainCode,ExecMainStatus "$1"
    systemctl stop "$1"
    systemctl reset-failed "$1"
    cat "$2"`;
  const output = await box.succeed(['bash', '-c', script, 'bash', unit, `${FILES}/${unit}.out`]);
  const [, result, code, status, text] = ENDING.exec(output) ?? assert.fail(output);
  return { result: result!, end: `${ENDS[code!]} ${status}`, output: text! };
}

const ENDING = /^Result=(.*?)\nExecMainCode=(.*?)\nExecMainStatus=(.*?)\n(.*)$/s;

/** Runs a unit of defineProgram() under a policy. */
export async function runConfined(box: Box, unit: string, policy: string): Promise<Ending> {
  await apply(box, policy, unit);
  return runToEnd(box, unit);
}
