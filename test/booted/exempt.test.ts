/** Processes that the kernel exempts from directives, on every supported systemd. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { boxAvailable } from '../support/box.js';
import { EXEMPT_CASES, type ExemptCase } from '../support/exempt-cases.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { alternatives } from '../support/thorough.js';
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

const unitText = (lines: string, script: string) =>
  `[Service]\nType=oneshot\nStandardOutput=journal\nSyslogLevel=notice\n${lines}\nExecStart=/bin/bash -c "${script}"\n`;

function textOf({ directive, value, lines }: ExemptCase): string {
  return unitText(`${lines}\n${directive}=${value}`, `(${OPEN[directive]}) && echo open || echo closed`);
}

for (const tree of alternatives<TreeName>(['machine', 'bookworm', 'forky'])) {
  describe(tree, { skip: boxAvailable(tree) ?? false }, () => {
    const { box } = machine(`exempt-${tree}`, {
      tree,
      launcher: false,
      prepare: async () => {
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
      },
    });

    const said = async (unit: string) =>
      (await box.succeed(['journalctl', '-q', '-o', 'cat', '_TRANSPORT=stdout', `--unit=${unit}`])).trim();

    test('directives exempt the processes that the plan names', async () => {
      for (const [i, one] of EXEMPT_CASES.entries()) {
        // Bash tells of forks that it tries again, where the user has processes elsewhere on the machine.
        const last = (await said(`case-${i}`)).split('\n').at(-1);
        assert.equal(last, one.holds ? 'closed' : 'open', JSON.stringify(one));
      }
    });

    test('LimitRSS= and LimitLOCKS= limit nothing', async () => {
      assert.match(await said('ignored-0'), /VmRSS:\s+\d{5,} kB/);
      assert.equal(await said('ignored-1'), '5');
    });
  });
}
