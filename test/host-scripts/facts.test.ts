/** The script `facts` where other users have made the files that it is asked about. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseFacts } from '../../src/machine/recorded/facts-file.js';
import { inRepository } from '../support/repository.js';
import { run } from '../support/run.js';
import { temporaryFolder } from '../support/temporary.js';

/** Answers of this machine to some questions, by a shell. */
async function ask(shell: string, ...questions: string[]) {
  const packed = Buffer.from(questions.map((one) => `${one}\n`).join('')).toString('base64');
  const { status, stdout, stderr } = await run([shell, inRepository('host-scripts/facts'), '--ask', packed]);
  assert.deepEqual([status, stderr], [0, '']);
  return parseFacts(new Map([['facts', stdout]])).answers;
}

for (const shell of ['dash', 'bash']) {
  describe(shell, () => {
    test('names and links of files are never options, nor answers about others', async (t) => {
      const folder = temporaryFolder(t);
      const pwned = join(folder, 'pwned');
      symlinkSync(`x\n-fprintf\n${pwned}\nx`, join(folder, 'option'));
      symlinkSync('x\nf\t755\t0\t1\t1.0\t1.0\t/usr/bin/forged\t', join(folder, 'forged'));
      symlinkSync('a\\b "c" $(id)', join(folder, 'odd'));
      const found = await ask(shell, ...['option', 'forged', 'odd'].map((name) => `look ${folder}/${name}`));
      for (const name of ['option', 'forged'])
        assert.deepEqual(found.get(`look ${folder}/${name}`), {
          ...{ kind: 'failed', reason: 'its target has control characters' },
        });
      const odd = found.get(`look ${folder}/odd`);
      assert.equal(odd?.kind === 'look' && odd.facts.link, 'a\\b "c" $(id)');
      assert.equal(found.has('look /usr/bin/forged'), false);
      assert.equal(existsSync(pwned), false);
    });

    test('paths are taken as they are: blanks, quotes, wildcards, backslashes', async (t) => {
      const folder = temporaryFolder(t);
      const names = ['a b', '*', '$(id)', '`id`', "it's", '"', 'dev-disk-by\\x2duuid', '-n', ' x '];
      for (const name of names) {
        mkdirSync(join(folder, name));
        writeFileSync(join(folder, name, name), name);
      }
      const paths = names.map((name) => `${folder}/${name}/${name}`);
      const found = await ask(shell, ...paths.flatMap((path) => [`read 0 100 ${path}`, `look ${path}`]));
      for (const [i, path] of paths.entries()) {
        const asked = found.get(`read 0 100 ${path}`);
        assert.equal(asked?.kind === 'read' && new TextDecoder().decode(asked.facts.data()), names[i]);
        assert.equal(found.get(`look ${path}`)?.kind, 'look', path);
      }
    });

    test('an invalid path and an unknown question have no answer', async (t) => {
      const file = join(temporaryFolder(t), 'file');
      const bad = ['list -delete', 'look x', 'read 0 1 -f', `read 0 x ${file}`, 'run id', 'rm /'];
      assert.deepEqual([...(await ask(shell, ...bad)).keys()], []);
    });

    test("a FIFO that replaces a program doesn't block it", async (t) => {
      const folder = temporaryFolder(t);
      const [program, tools] = [join(folder, 'program'), join(folder, 'tools')];
      mkdirSync(tools);
      writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
      const swap = `#!/bin/sh\nrm -f ${program}\nmkfifo -m 755 ${program}\nexec /usr/bin/od "$@"\n`;
      writeFileSync(join(tools, 'od'), swap, { mode: 0o755 });
      const env = { ...process.env, PATH: `${tools}:${process.env.PATH}`, POSIXLY_CORRECT: '1' };
      const packed = Buffer.from(`read 0 4096 ${program}\nlist ${folder}\n`).toString('base64');
      const argv = ['timeout', '60', shell, inRepository('host-scripts/facts'), '--ask', packed];
      const { status, stdout } = await run(argv, { env });
      assert.equal(status, 0);
      assert.match(stdout, /"ask":"list /);
    });

    test("programs that are cut short or inconsistent don't end it", async (t) => {
      const folder = temporaryFolder(t);
      const whole = readFileSync('/bin/true');
      // The flags of the fourth program header: type and flags are more than a shell counts with.
      const flags = 64 + 56 * 3 + 4;
      const broken: Readonly<Record<string, Uint8Array>> = {
        flags: Buffer.from(whole).fill(0xff, flags, flags + 4),
        head: whole.subarray(0, 16),
        'no headers': whole.subarray(0, 64),
        headers: Buffer.from(whole).fill(0xff, 64, 64 + 56 * 12),
        count: Buffer.from(whole).fill(0xff, 56, 58),
        table: Buffer.from(whole).fill(0xff, 32, 40),
        cut: whole.subarray(0, whole.length >> 1),
        script: Buffer.from('#! $(id) *\n'),
      };
      for (const [name, bytes] of Object.entries(broken)) {
        writeFileSync(join(folder, name), bytes);
        chmodSync(join(folder, name), 0o755);
      }
      const paths = Object.keys(broken).map((name) => `${folder}/${name}`);
      const found = await ask(shell, ...paths.map((path) => `read 0 4096 ${path}`));
      for (const path of paths) {
        assert.equal(found.get(`read 0 4096 ${path}`)?.kind, 'read', path);
        assert.equal(found.get(`look ${path}`)?.kind, 'look', path);
      }
    });
  });
}
