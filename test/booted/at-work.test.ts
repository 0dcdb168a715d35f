/** A database and PHP with clients: a policy that breaks them is rolled back. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { machine } from '../support/machine.js';
import { inRepository } from '../support/repository.js';
import { policyPath, sandboxUnit, servicesObstacle } from '../support/service.js';

const POSTGRESQL = 'postgresql@17-main.service';
const PHP = 'php8.4-fpm.service';
const LOADS = { [POSTGRESQL]: 'postgresql', [PHP]: 'php-fpm' } as const;
type Unit = keyof typeof LOADS;
const UNITS = Object.keys(LOADS) as Unit[];

const PROGRAMS = '/usr/lib/postgresql/17/bin';
const BENCH = `${PROGRAMS}/pgbench`;
/** The server itself receives nothing: its children do, one for each client. */
const KILLED_CHILDREN = '[syscalls]\ndeny = ["recvfrom:kill"]\n';

/** Asks the database for something, again and again. */
const CLIENT = 'while sleep 0.1; do psql -X -t -c "select 1"; done >/dev/null 2>&1';

const POLICIES: readonly (readonly [what: string, unit: Unit, policy: string, says: readonly RegExp[]])[] = [
  [
    'children that are killed when a probe asks for one, though the service stays up',
    POSTGRESQL,
    `${KILLED_CHILDREN}[apply]\nprobe = ["${BENCH}", "--client=2", "--time=1"]\nprobe-as = "postgres"\n`,
    [/rolled-back/, /recvfrom/],
  ],
  [
    'a reload that executes the program anew',
    PHP,
    'extends = ["no-exec"]\n',
    [/rolled-back/, /reload/, /execve/],
  ],
];

describe('services with clients', { skip: servicesObstacle('clients') ?? false }, () => {
  const { box, run } = machine('at-work', {
    tree: 'clients',
    prepare: async () => {
      for (const unit of UNITS) {
        await script(unit, 'prepare');
        await box.succeed(['systemctl', 'start', unit]);
      }
    },
  });

  /** Runs a verb of a service's script of test/services/loads/. */
  const script = (unit: Unit, verb: string) =>
    box.succeed(['sh', inRepository(`test/services/loads/${LOADS[unit]}.sh`), verb]);

  const applied = async (unit: Unit, policy: string) => {
    await box.writeFile(policyPath(unit), policy);
    const { status, stdout, stderr } = await sandboxUnit(box, 'apply', unit);
    return { status, said: stdout + stderr };
  };

  test('work without a policy', async () => {
    for (const unit of UNITS) await script(unit, 'load');
  });

  for (const [what, unit, policy, says] of POLICIES) {
    test(`${what}: ${unit} is rolled back, and works`, async () => {
      const { status, said } = await applied(unit, policy);
      assert.equal(status, 1, said);
      for (const text of says) assert.match(said, text);
      await script(unit, 'load');
      await script(unit, 'reload');
      await script(unit, 'load');
    });
  }

  test('are rolled back if children are killed in the trial, without a probe', async () => {
    const client = ['systemd-run', '--unit=client', '--property=User=postgres', 'sh', '-c', CLIENT];
    await box.succeed(client);
    const { status, said } = await applied(POSTGRESQL, `${KILLED_CHILDREN}[apply]\nsettle = "2s"\n`);
    assert.equal(status, 1, said);
    assert.match(said, /rolled-back/);
    await box.succeed(['systemctl', 'stop', 'client.service']);
    await script(POSTGRESQL, 'load');
  });

  test('keep policies that allow their work', async () => {
    const harmless = '[syscalls]\ndeny = ["@module", "@swap", "@reboot", "ptrace"]\n';
    const policies = {
      [POSTGRESQL]: '[ready]\ndeny = ["execve", "execveat"]\nreload = true\n',
      [PHP]: harmless,
    } as const;
    for (const unit of UNITS) {
      const { status, said } = await applied(unit, policies[unit]);
      assert.equal(status, 0, said);
      await script(unit, 'other-load');
      await script(unit, 'reload');
      await script(unit, 'other-load');
      await run(0, 'verify', unit);
    }
  });
});
