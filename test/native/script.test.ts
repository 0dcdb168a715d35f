import assert from 'node:assert/strict';
import { chmodSync, chownSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { errnoAction } from '../../src/seccomp/syscalls/action.js';
import { compiled } from '../support/compiled.js';
import { asNobody, filterRefusing, rootObstacle, writeFilter } from '../support/native.js';
import { run } from '../support/run.js';

const { folder, paths, skip, test } = compiled({ state: [], escape: ['-static', '-pthread'] });
const { launcher, state, escape: attempts } = paths;

const at = (name: string) => join(folder, name);
const refuseExec = { execve: errnoAction(100), execveat: errnoAction(100) };
const filter = writeFilter(folder, 'filter', skip ? new Uint8Array() : filterRefusing(refuseExec));

/** Writes a script that the kernel runs by the launcher. */
function writeScript(
  name: string,
  program: string,
  text = `filter=${filter}\nprogram=${program}\n`,
  option = '--script',
): string {
  writeFileSync(at(name), `#!${launcher} ${option}\n${text}`);
  chmodSync(at(name), 0o755);
  return at(name);
}

describe('a filter script starts its program behind its filter', () => {
  test('with the arguments that it was given', async () => {
    const script = writeScript('with-arguments', state);
    const { stdout, status } = await run([script, '', 'a b', '--', '--help']);
    assert.equal(status, 0);
    assert.deepEqual(stdout.match(/^(argument=|Name:|NoNewPrivs:|Seccomp_filters:).*/gm), [
      `argument=${script}`,
      'argument=',
      'argument=a b',
      'argument=--',
      'argument=--help',
      'Name:\tstate',
      'NoNewPrivs:\t1',
      'Seccomp_filters:\t1',
    ]);
  });

  test('with a program that can start no other', { skip: rootObstacle() }, async () => {
    const { stdout, status } = await run(asNobody([writeScript('confined', attempts)]));
    assert.equal(status, 0);
    assert.match(stdout, /^execve: refused \(ENETDOWN\)$/m);
    assert.doesNotMatch(stdout, /SUCCEEDED/);
  });

  test('from another script and through a symbolic link', async () => {
    symlinkSync(writeScript('linked', state), at('link'));
    const { stdout } = await run(['sh', '-c', 'exec "$0" x', at('link')]);
    assert.deepEqual(stdout.match(/^argument=.*/gm), [`argument=${at('link')}`, 'argument=x']);
  });
});

describe('an invalid filter script starts nothing', () => {
  const refusal = async (script: string) => {
    const { status, stdout, stderr } = await run([script]);
    assert.equal(stdout, '');
    return { status, line: stderr };
  };
  const says = (script: string, problem: string) => ({
    status: 228,
    line: `sandbox-unit-launcher: the script '${script}' ${problem}\n`,
  });

  test('without its lines', async () => {
    const script = writeScript('empty', state, '');
    const problem = "must have three lines, the first of which begins with '#!'";
    assert.deepEqual(await refusal(script), says(script, problem));
  });

  test('with a relative path', async () => {
    const script = writeScript('relative', state, `filter=${filter}\nprogram=state\n`);
    const problem = "must name an absolute path after 'filter=', then one after 'program='";
    assert.deepEqual(await refusal(script), says(script, problem));
  });

  test('writable by others', async () => {
    const script = writeScript('open', state);
    chmodSync(script, 0o777);
    assert.deepEqual(await refusal(script), says(script, 'is writable by group or others; chmod go-w it'));
  });

  test("another user's", { skip: rootObstacle() }, async () => {
    const script = writeScript('foreign', state);
    chownSync(script, 65534, 65534);
    assert.deepEqual(await refusal(script), says(script, 'belongs to another user; chown it to root'));
  });

  test("the user's own, unless it is for a user's own manager", { skip: rootObstacle() }, async () => {
    const text = `filter=${filter}\nprogram=${state}\n`;
    for (const option of ['--script', '--user-script']) {
      const script = writeScript(`own${option}`, state, text, option);
      chownSync(script, 65534, 65534);
      const { status, stdout, stderr } = await run(asNobody([script]));
      if (option === '--user-script') assert.match(stdout, /^Seccomp_filters:\t1$/m);
      else
        assert.deepEqual({ status, line: stderr }, says(script, 'belongs to another user; chown it to root'));
    }
  });

  test('with a filter that is absent', async () => {
    const script = writeScript('no-filter', state, `filter=${at('absent')}\nprogram=${state}\n`);
    assert.deepEqual(await refusal(script), {
      status: 228,
      line: `sandbox-unit-launcher: the filter '${at('absent')}' can't be opened: ENOENT (no such file or directory)\n`,
    });
  });

  test('with a program that is absent', async () => {
    assert.deepEqual(await refusal(writeScript('no-program', at('absent'))), {
      status: 203,
      line: `sandbox-unit-launcher: can't execute '${at('absent')}': ENOENT (no such file or directory)\n`,
    });
  });
});
