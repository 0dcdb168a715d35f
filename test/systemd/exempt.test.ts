/** Whom the kernel holds to directives that it doesn't hold everybody to, on every systemd that there is a box for. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Box, boxAvailable } from '../support/box.js';
import { EXEMPT_CASES, type ExemptCase, ROOTS_NAMES } from '../support/exempt-cases.js';
import { changeFiles } from '../support/loaded-units.js';
import { sandboxUnit, servicesObstacle } from '../support/service.js';
import type { TreeName } from '../support/tree.js';

const OPEN = {
  ProtectProc: 'cat /proc/1/stat &>/dev/null',
  LimitNPROC: `perl -e 'for (1..6) { $$p = fork; exit 1 unless defined $$p; if (!$$p) { sleep 1; exit } }'`,
};

/** More than they say, done. */
const IGNORED = {
  'LimitRSS=1M': `perl -e '$$x = q(x) x 5e7; open(F, q(/proc/self/status)); print grep {/VmRSS/} <F>'`,
  'LimitLOCKS=1': `perl -e 'for (1..5) { open($$f[$$_], q(>), qq(/tmp/$$_)); flock($$f[$$_], 2) || die } print 5'`,
};

/** Lines with other names of root and its group, or with their members. */
const NAMED = /toor|rooted|member|nought|=7000/;

const unitText = (lines: string, script: string) =>
  `[Service]\nType=oneshot\nStandardOutput=journal\nSyslogLevel=notice\n${lines}\nExecStart=/bin/bash -c "${script}"\n`;

function textOf({ directive, value, lines }: ExemptCase): string {
  return unitText(`${lines}\n${directive}=${value}`, `(${OPEN[directive]}) && echo open || echo closed`);
}

for (const tree of ['machine', 'bookworm', 'forky'] as const satisfies readonly TreeName[]) {
  describe(tree, { skip: boxAvailable(tree) ?? false }, () => {
    let box: Box;
    before(async () => {
      box = await Box.boot({ name: `exempt-${tree}`, tree });
      for (const [database, lines] of Object.entries(ROOTS_NAMES)) {
        await box.sh(`printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} >>/etc/${database}`);
      }
      const units = [
        ...EXEMPT_CASES.map((one, i) => [`case-${i}`, textOf(one)]),
        ...Object.entries(IGNORED).map(([line, script], i) => [`ignored-${i}`, unitText(line, script)]),
      ];
      const files = units.map(([name, text]) => [`/run/systemd/system/${name}.service`, text]);
      await changeFiles(box, Object.fromEntries(files));
      // One at a time, for the number of processes is a user's and not a service's; in other boxes, too.
      const start = ([name]: readonly string[]) => ['systemctl', 'start', `${name}.service`];
      for (const unit of units) {
        if ((await box.exec(start(unit))).status === 0) continue;
        await box.succeed(['sleep', '2']);
        await box.succeed(start(unit));
      }
      await box.sh('journalctl --sync');
    });
    after(() => box?.stop());

    const said = async (unit: string) =>
      (await box.succeed(['journalctl', '-q', '-o', 'cat', '_TRANSPORT=stdout', `--unit=${unit}`])).trim();

    test('who is held, and who is exempt', async () => {
      for (const [i, one] of EXEMPT_CASES.entries()) {
        assert.equal(await said(`case-${i}`), one.holds ? 'closed' : 'open', JSON.stringify(one));
      }
    });

    test('LimitRSS= and LimitLOCKS= limit nothing', async () => {
      assert.match(await said('ignored-0'), /VmRSS:\s+\d{5,} kB/);
      assert.equal(await said('ignored-1'), '5');
    });

    // What getent(1) says is the C library's.
    const roots = tree === 'machine' ? [[], ['--root', '/']] : [];
    for (const root of roots) {
      test(`who is who is seen ${root.length > 0 ? 'in the files' : 'by all names'}`, {
        skip: servicesObstacle(),
      }, async () => {
        for (const [i, { directive, value, lines, holds }] of EXEMPT_CASES.entries()) {
          if (!NAMED.test(lines) || value === 'noaccess') continue;
          await box.writeFile('/root/policy.toml', `[service]\n${directive} = ${JSON.stringify(value)}\n`);
          const words = ['--policy', '/root/policy.toml', `case-${i}`];
          const { stdout, stderr } = await sandboxUnit(box, 'plan', '--json', ...root, ...words);
          const codes = [...stdout.matchAll(/"gap-exempt"/g)].length;
          assert.equal(codes > 0, !holds, `${lines}\n${directive}=${value}\n${stdout}${stderr}`);
        }
      });
    }
  });
}
