import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { VERSION } from '../../src/version.js';
import { DROP_IN, UNIT } from '../support/demo-service.js';
import { inRepository } from '../support/repository.js';
import type { RunResult } from '../support/run.js';
import { sandboxUnit, servicesObstacle } from '../support/service.js';
import { THOROUGH } from '../support/thorough.js';
import { filesOf, INSTALLED, managedHost, stateOf } from './managed-host.js';

const MODULE = 'integrations/puppet';

/** What `--detailed-exitcodes` gives, as bits: 2 for changes, 4 for failures. */
const EXIT = { unchanged: 0, changed: 2, failed: 4, changedAndFailed: 6 };

test("the module has the command's version", () => {
  const { version } = JSON.parse(readFileSync(inRepository(MODULE, 'metadata.json'), 'utf8'));
  assert.equal(version, VERSION);
});

/** A policy that denies these calls. */
const denying = (...calls: string[]): string =>
  `[syscalls]\ndeny = [${calls.map((call) => `"${call}"`).join(', ')}]\n[apply]\nsettle = "100ms"\n`;

const POLICY = denying('execve', 'execveat');

/** A manifest with the resource of a unit. */
const manifest = (attributes: Readonly<Record<string, string>>, unit = UNIT): string => {
  const lines = Object.entries(attributes).map(([name, value]) => `${name} => '${value}',`);
  return `sandbox_unit_policy { '${unit}':\n${lines.join('\n')}\n}\n`;
};

const confined = manifest({ content: POLICY });

if (THOROUGH) {
  describe('Puppet', { skip: servicesObstacle('puppet') ?? false }, () => {
    let unconfined: string;
    const modules = '/etc/puppet/code/modules';
    const { box } = managedHost('puppet', {
      script: `mkdir -p ${modules} && ln -s ${inRepository(MODULE)} ${modules}/sandbox_unit`,
      prepare: async () => {
        unconfined = await stateOf(box);
      },
    });

    /** Runs a manifest. What Puppet prints of itself is left out; nothing that it prints is a stack trace. */
    async function puppet(code: string, ...options: string[]): Promise<RunResult> {
      const words = ['puppet', 'apply', '--color=false', '--detailed-exitcodes', ...options];
      const { stderr, stdout, status } = await box.exec([...words, '-e', code]);
      const said = (text: string) => text.replaceAll(/^.*(?:Facter|serverip|Compiled|Applied).*\n/gm, '');
      assert.doesNotMatch(stdout + stderr, /\.rb:\d+|already initialized/);
      return { status, stdout: said(stdout), stderr: said(stderr) };
    }

    /** Asks what would change, which changes nothing. Returns what is said. */
    async function foretold(code: string, status = EXIT.unchanged): Promise<string> {
      const was = await stateOf(box);
      const told = await puppet(code, '--noop');
      assert.equal(told.status, status, told.stdout + told.stderr);
      assert.equal(await stateOf(box), was);
      return told.stdout + told.stderr;
    }

    /** Runs a manifest that changes something, and once more, which changes nothing. Returns what is said at first. */
    async function changes(code: string): Promise<string> {
      const { status, stdout, stderr } = await puppet(code);
      assert.equal(status, EXIT.changed, stdout + stderr);
      const now = await stateOf(box);
      assert.deepEqual(await puppet(code), { status: EXIT.unchanged, stdout: '', stderr: '' });
      assert.equal(await stateOf(box), now);
      return stdout + stderr;
    }

    /** Runs a manifest that fails, after which the files are as before and the service is up. Returns the errors. */
    async function fails(code: string, status: number): Promise<string> {
      const was = filesOf(await stateOf(box));
      const { status: got, stdout, stderr } = await puppet(code);
      assert.equal(got, status, stdout + stderr);
      assert.equal(filesOf(await stateOf(box)), was);
      assert.match(was, /^ActiveState=active$/m);
      return stderr;
    }

    const status = async (): Promise<Record<string, unknown>> => {
      const { units } = JSON.parse((await sandboxUnit(box, 'status', '--json', UNIT)).stdout);
      return units[0];
    };

    test('a first policy is reported by --noop, and applied once', async () => {
      assert.match(
        await foretold(confined),
        /\[demo\.service\]\/ensure: defined 'ensure' as 'present' \(noop\)/,
      );
      await changes(confined);
      const { mode, state, drift } = await status();
      assert.deepEqual({ mode, state, drift }, { mode: 'enforcing', state: 'live', drift: [] });
    });

    const other = manifest({ content: denying('execve', 'execveat', 'ptrace'), mode: 'permissive' });

    test('a changed policy is reported with the files that it changes', async () => {
      const told = await foretold(other);
      assert.match(
        told,
        /\/digest: digest changed to \{sha256\}\w+: .*replace \S+\.conf, .*restarted \(noop\)/,
      );
      assert.match(told, /\/mode: mode changed 'enforcing' to 'permissive' \(noop\)/);
      assert.equal((await puppet(other)).status, EXIT.changed);
      assert.equal((await status()).mode, 'permissive');
    });

    test('an edited drop-in is reported, and restored', async () => {
      const written = await box.readFile(DROP_IN);
      await box.writeFile(DROP_IN, written.replace('NoNewPrivileges=yes', 'NoNewPrivileges=no'));
      assert.notEqual(await box.readFile(DROP_IN), written);
      assert.match(await foretold(other), /\/drift: drift-files, .*\(noop\)/);
      await changes(other);
      assert.equal(await box.readFile(DROP_IN), written);
    });

    test('a policy under which the service fails is an error, and is rolled back', async () => {
      const said = await fails(manifest({ content: denying('openat') }), EXIT.changedAndFailed);
      assert.match(
        said,
        /Could not evaluate: content:2:9: refused-call: openat .*\(to allow it: take "openat" out/,
      );
      assert.match(said, /^service-failed: demo\.service (?:did not stay up|is failed)/m);
    });

    test('a refused policy is an error of --noop, and so is an alias', async () => {
      await box.sh(`ln -s ${UNIT} /etc/systemd/system/alias.service; systemctl daemon-reload`);
      const wrong = manifest({ content: denying('readd') }) + manifest({ ensure: 'absent' }, 'alias.service');
      const said = await foretold(wrong, EXIT.failed);
      assert.match(said, /content:2:9: unknown-syscall: unknown syscall 'readd' \(did you mean/);
      assert.match(said, /alias\.service: the unit's name is demo\.service: use that as the title/);
      await box.sh('rm /etc/systemd/system/alias.service; systemctl daemon-reload');
    });

    test('a unit is free again without its policy', async () => {
      await changes(manifest({ ensure: 'absent' }));
      assert.equal(filesOf(await stateOf(box)), filesOf(unconfined));
    });

    test('an obstacle to a first policy is a warning of --noop', async () => {
      const told = await foretold(
        manifest({ template: 'no-such' }) + manifest({ template: 'no-exec' }, 'other.service'),
      );
      assert.match(told, /\[demo\.service\]: unknown-template: no template 'no-such'/);
      assert.match(told, /\[other\.service\]: no-unit: there is no unit other\.service/);
    });

    test("a first policy that can't be applied is an error, and no change is reported", async () => {
      const wrong = manifest({ template: 'no-such' }) + manifest({ template: 'no-exec' }, 'other.service');
      const { status: got, stdout, stderr } = await puppet(wrong);
      assert.deepEqual([got, stdout], [EXIT.failed, '']);
      assert.match(stderr, /unknown-template: no template 'no-such'/);
      assert.match(stderr, /no-unit: there is no unit other\.service/);
    });

    test('an unconfirmed change is a warning until it is confirmed', async () => {
      const waiting = manifest({ template: 'no-exec', confirm: '10min' });
      const first = await puppet(waiting);
      const second = await puppet(waiting);
      assert.deepEqual([first.status, second.status], [EXIT.changed, EXIT.unchanged]);
      for (const { stderr } of [first, second])
        assert.match(stderr, /Warning: .*unconfirmed: .*'sandbox-unit confirm demo\.service' keeps it/);
      await box.succeed(['sandbox-unit', 'confirm', '--quiet', UNIT]);
      assert.equal((await status()).confirmBy, null);
    });

    test('the class reads units from Hiera, and purges others', async () => {
      const levels = { '/hiera/host.yaml': 'mode: permissive', '/hiera/common.yaml': 'template: no-exec' };
      for (const [path, line] of Object.entries(levels))
        await box.writeFile(
          path,
          `sandbox_unit::purge: true\nsandbox_unit::units:\n  ${UNIT}:\n    ${line}\n`,
        );
      await box.writeFile(
        '/hiera/hiera.yaml',
        'version: 5\nhierarchy:\n  - { name: host, path: /hiera/host.yaml }\n  - { name: common, path: /hiera/common.yaml }\n',
      );
      const hiera = ['--hiera_config=/hiera/hiera.yaml'];
      assert.equal((await puppet('include sandbox_unit', ...hiera)).status, EXIT.changed);
      assert.equal((await status()).mode, 'permissive');
      for (const path of Object.keys(levels)) await box.writeFile(path, 'sandbox_unit::purge: true\n');
      assert.equal((await puppet('include sandbox_unit', ...hiera)).status, EXIT.changed);
      assert.equal((await status()).dropIn, null);
    });

    test('without the command no unit counts as confined', async () => {
      await box.succeed(['mv', INSTALLED, '/root/command']);
      const missing = /the command 'sandbox-unit' is not in the search path/;
      assert.match(await foretold(confined), missing);
      const free = await puppet(manifest({ ensure: 'absent' }));
      assert.equal(free.status, EXIT.unchanged, free.stderr);
      assert.match(await fails(confined, EXIT.failed), missing);
      await box.succeed(['mv', '/root/command', INSTALLED]);
    });

    test('the type, the provider and the class pass their specs', async () => {
      const { stdout, status: got } = await box.sh(`cp -r ${inRepository(MODULE)} /root/sandbox_unit
        cd /root/sandbox_unit && rm -rf spec/fixtures && rspec --no-color`);
      assert.equal(got, 0, stdout);
      assert.match(stdout, /^[5-9]\d examples, 0 failures$/m);
    });

    test('puppet-lint finds nothing, and the reference matches the sources', async () => {
      const { stdout, status: got } = await box.sh(`cd /root/sandbox_unit
        puppet-lint --fail-on-warnings .
        puppet strings generate --format markdown --out /root/REFERENCE.md >/dev/null`);
      assert.deepEqual([stdout, got], ['', 0]);
      const made = await box.readFile('/root/REFERENCE.md');
      assert.equal(readFileSync(inRepository(MODULE, 'REFERENCE.md'), 'utf8'), made);
    });
  });
}
