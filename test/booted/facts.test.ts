/** A plan from a host's facts equals the plan on the host, for units of each systemd. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { PACKAGED_INJECTOR, PACKAGED_LAUNCHER } from '../../src/systemd/paths/programs.js';
import { Answers, hostScript } from '../support/asked-elsewhere.js';
import { runCommand as runHere } from '../support/command.js';
import { runCommand } from '../support/command-in-box.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { MACHINE } from '../support/native.js';
import { inRepository } from '../support/repository.js';
import { servicesObstacle } from '../support/service.js';
import { temporaryFolder } from '../support/temporary.js';
import { alternatives, THOROUGH } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';

const TREES: readonly TreeName[] = ['machine', 'bullseye', 'bookworm', 'forky'];

/** How many units of a tree there are to one that is tried: the services of one Debian are much the same as another's. */
const everyOf = (tree: TreeName): number => (tree === 'machine' && THOROUGH ? 3 : 5);

/** Command lines about a unit, and the template whose text is their policy: these go to both enforcers, or to one. */
const ASKED: readonly (readonly [template: string, words: readonly string[]])[] = [
  ['network-service', ['generate', '--json']],
  ['no-exec', ['plan']],
  ['hardened', ['apply', '--check', '--diff']],
];

/** Lines of a policy that are for x86-64 alone. */
const READY = MACHINE === 'arm64' ? '' : '[ready]\ndeny = ["chroot"]\n';

const textOf = (template: string) => readFileSync(inRepository(`templates/${template}.toml`), 'utf8');

for (const tree of alternatives(TREES)) {
  describe(`on the tree ${tree}`, { skip: servicesObstacle(tree) ?? false }, () => {
    const folder = temporaryFolder({ after });
    const { box } = machine(`facts-${tree}`, { tree });

    test("facts of a unit that doesn't exist are an error, as on the machine", async () => {
      const left = 'left.service';
      await box.succeed(['mkdir', '-p', `/etc/systemd/system/${left}.d`]);
      await box.writeFile(
        `/etc/systemd/system/${left}.d/zz-sandbox-unit.conf`,
        '[Service]\nPrivateTmp=yes\n',
      );
      const facts = join(folder, 'missing.facts');
      for (const unit of ['nothing.service', 'nothing@.service', 'nothing@x.service', 'dbsu.service', left]) {
        const gathered = await hostScript(box, inRepository('host-scripts/facts'), unit);
        assert.deepEqual([gathered.status, gathered.stderr], [0, '']);
        writeFileSync(facts, gathered.stdout);
        const there = await runCommand(box, ['plan', '--template', 'no-exec', unit]);
        const here = await runHere(['plan', '--template', 'no-exec', '--facts', facts, unit], process.env);
        assert.match(there.stderr, /^error\[no-unit]/);
        assert.deepEqual([here.status, here.stderr], [there.status, there.stderr]);
      }
      await box.sh(`rm -r /etc/systemd/system/${left}.d; systemctl daemon-reload`);
    });

    // There a plan asks for systemd's libraries, which takes a further round.
    if (tree !== 'bullseye') {
      test("facts of a confined unit are complete at once, wherever sandbox-unit's files are", async () => {
        const unit = 'confined.service';
        const service = '[Service]\nExecStart=/usr/bin/tail -f /dev/null\n';
        await changeFiles(box, { [`/etc/systemd/system/${unit}`]: service });
        await box.succeed(['systemctl', 'start', unit]);
        const input = '[syscalls]\ndeny = ["execve", "uname"]\n[apply]\nsettle = "100ms"\n';
        for (const lifetime of [[], ['--runtime']]) {
          const applied = await runCommand(box, ['apply', ...lifetime, '--policy', '-', unit], { input });
          assert.equal(applied.status, 0, applied.stderr);
          const gathered = await hostScript(box, inRepository('host-scripts/facts'), unit);
          const facts = join(folder, 'confined.facts');
          writeFileSync(facts, gathered.stdout);
          const output = join(folder, 'confined');
          const words = ['--activate', '--template', 'no-exec', '--facts', facts, '--output', output, unit];
          const made = await runHere(['generate', ...words], process.env);
          assert.equal(made.status, 0, `${lifetime.join(' ')}\n${made.stderr}`);
          assert.ok(existsSync(join(output, 'activate.d', unit)), lifetime.join(' '));
          rmSync(output, { recursive: true, force: true });
          const reverted = await runCommand(box, ['revert', unit]);
          assert.equal(reverted.status, 0, reverted.stderr);
        }
      });
    }

    test('facts are complete at once if a package has installed the programs', async () => {
      const unit = 'packaged.service';
      const packaged = dirname(PACKAGED_LAUNCHER);
      const service = '[Service]\nExecStart=/usr/bin/tail -f /dev/null\n';
      await changeFiles(box, { [`/etc/systemd/system/${unit}`]: service });
      await box.sh(`mkdir -p ${packaged} && install -m 755 /usr/bin/true ${PACKAGED_LAUNCHER}
        cp ${PACKAGED_LAUNCHER} ${PACKAGED_INJECTOR}`);
      try {
        const gathered = await hostScript(box, inRepository('host-scripts/facts'), unit);
        const facts = join(folder, 'packaged.facts');
        writeFileSync(facts, gathered.stdout);
        const policy = join(folder, 'packaged.toml');
        writeFileSync(policy, `extends = ["no-exec"]\n${READY}`);
        const words = ['plan', '--policy', policy, '--facts', facts, unit];
        const planned = await runHere(words, process.env);
        // The older systemd's libraries take a further round, which asks of them alone.
        const more = /--ask (\S+)/.exec(planned.stdout)?.[1] ?? '';
        assert.doesNotMatch(Buffer.from(more, 'base64').toString(), /libexec/);
        if (tree !== 'bullseye') {
          assert.equal(planned.status, 0, planned.stderr + Buffer.from(more, 'base64').toString());
          if (READY !== '') assert.match(planned.stdout, /chroot.*once it serves/);
        }
      } finally {
        await box.sh(`rm -r ${packaged}`);
      }
    });

    test('a plan from facts is the same, byte for byte', async () => {
      const { stdout } = await box.sh('systemctl list-unit-files --type=service --no-legend --no-pager');
      const units = stdout.split('\n').flatMap((line) => /^\S+\.service/.exec(line) ?? []);
      assert.ok(units.length > 20, stdout);
      const tried = units.filter((_, i) => i % everyOf(tree) === 0);
      const answers = new Answers(box, folder);
      await answers.gather(...tried);
      for (const [i, unit] of tried.entries()) {
        // Each unit is asked about in one of the ways, and every seventh in all.
        const asked = i % 7 === 0 ? ASKED : [ASKED[i % ASKED.length]!];
        for (const [template, words] of asked) {
          const input = textOf(template);
          const all = [...words, '--policy', '-', unit];
          const there = await runCommand(box, all, { input });
          const here = await answers.runWith(input, ...all);
          // Only the way out of 'unit-changed' names the host.
          const onHost = ' on the host, gather the facts again, then retry';
          const alike = (text: string) => text.replaceAll(onHost, ', then try again').split('\n');
          const said = ({ status, stdout: out, stderr }: typeof there) => [status, alike(out), alike(stderr)];
          assert.deepEqual(said(here), said(there), `${words.join(' ')} ${unit}`);
        }
      }
    });

    test('a plan from facts uses the defaults of the host', async () => {
      const answers = new Answers(box, folder);
      const unit = 'systemd-networkd.service';
      const input = '[syscalls]\ndeny = ["kexec_load"]\n';
      const words = ['generate', '--policy', '-', unit];
      const host = (command: string) => box.sh(`cd /etc/sandbox-unit && ${command}`);
      await box.sh('mkdir -p /etc/sandbox-unit');
      await host("printf '[service]\\nLimitCORE = 0\\n' > defaults.toml");
      try {
        await answers.gather(unit);
        const here = await answers.runWith(input, ...words);
        assert.match(here.stdout, /\nLimitCORE=0\n/, here.stderr);
        assert.equal((await runCommand(box, words, { input })).stdout, here.stdout);
        await host('chmod o+w defaults.toml');
        const later = new Answers(box, folder);
        await later.gather(unit);
        assert.match((await later.runWith(input, ...words)).stderr, /^error\[untrusted-file\]: /);
        await host('ln -sf /nowhere defaults.toml');
        const last = new Answers(box, folder);
        await last.gather(unit);
        assert.match(
          (await last.runWith(input, ...words)).stderr,
          /defaults\.toml: it is a link that leads nowhere/,
        );
        assert.match((await runCommand(box, words, { input })).stderr, /^error\[host-defaults\]: /);
      } finally {
        await host('rm -f defaults.toml');
      }
    });
  });
}
