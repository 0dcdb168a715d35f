import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { decodeFilterFile } from '../../src/seccomp/filter/filter-file.js';
import { isGuarded, withoutGuard } from '../../src/seccomp/filter/guard.js';
import { abisOf, kernelNumber } from '../../src/seccomp/syscalls/abi.js';
import { type Action, errnoAction, KILL, LOG } from '../../src/seccomp/syscalls/action.js';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { parseFilters } from '../../src/verify/kernel/unit-filters.js';
import { WAYS } from '../seccomp/filter/kernel-tries.js';
import { callLine } from '../seccomp/filter/try-filter.js';
import { filterRefusing, startRefusing } from '../support/native.js';
import type { RunResult } from '../support/run.js';
import { until } from '../support/until.js';
import type { Tried } from './tried.js';

const USERS = [{ asNobody: false }, { asNobody: true }];
const shownUser = (asNobody: boolean) => (asNobody ? 'a user without any rights' : 'root');
const SIX = [0n, 0n, 0n, 0n, 0n, 0n];
const linesWith = ({ stdout }: RunResult, ...keys: string[]) =>
  stdout.split('\n').filter((line) => keys.some((key) => line.startsWith(key)));

/** The launcher at stage `exec`, and what reads its filters back. */
export function launcherTests({ machine, kernel, launch, test }: Tried): void {
  const refusing = (refusals: Record<string, Action>, change = {}) =>
    filterRefusing(refusals, change, machine);
  const EPERM = errnoAction(1);

  describe('the launcher', () => {
    for (const { asNobody } of USERS) {
      test(`loads one filter, as ${shownUser(asNobody)}`, async () => {
        const result = await launch(refusing({ execve: EPERM }), ['/state'], { asNobody });
        const entry = await launch(refusing({ execve: EPERM }, startRefusing({}, machine)), ['/state'], {
          asNobody,
        });
        const shown = ['NoNewPrivs:\t1', 'Seccomp:\t2'];
        assert.deepEqual(linesWith(result, 'NoNewPrivs', 'Seccomp'), [...shown, 'Seccomp_filters:\t1']);
        assert.deepEqual(linesWith(entry, 'NoNewPrivs', 'Seccomp'), [...shown, 'Seccomp_filters:\t2']);
      });
    }

    /** uname, which is refused, and getpid, in every convention that the machine has an instruction for. */
    const outcomesOf = async (action: Action) => {
      const lines = abisOf(machine)
        .filter((abi) => WAYS[abi] !== undefined)
        .flatMap((abi) =>
          ['uname', 'getpid'].map((call) =>
            callLine(WAYS[abi]!, kernelNumber(abi, numbersOf(abi).get(call)!), SIX),
          ),
        );
      const program = ['/launcher', '--filter=/filter', '--', '/try-filter'];
      await kernel().write('/filter', refusing({ uname: action }));
      const { stdout } = await kernel().run(program, { input: `${lines.join('\n')}\n` });
      return stdout.split('\n').slice(0, -1);
    };
    const ACTIONS = [
      { name: 'an errno', action: errnoAction(100), outcome: 'returned -100' },
      { name: 'the end', action: KILL, outcome: 'signal 31' },
      { name: 'a record', action: LOG, outcome: 'returned -14' },
    ];
    for (const { name, action, outcome } of ACTIONS) {
      test(`gives a refused call ${name}, in every convention, and no other`, async () => {
        const outcomes = await outcomesOf(action);
        assert.equal(outcomes.length, machine === 'arm64' ? 2 : 6);
        for (const [at, one] of outcomes.entries())
          assert.match(one, at % 2 === 0 ? new RegExp(`^${outcome}$`) : /^returned [1-9]/);
      });
    }

    test('has the kernel record refused calls, if the filter file says so', async () => {
      const number = numbersOf(machine).get('uname')!;
      const records = async () =>
        (await kernel().read('/dev/kmsg')).split('\n').filter((line) => {
          return line.includes('type=1326') && line.includes(` syscall=${number} `);
        }).length;
      await kernel().write('/proc/sys/kernel/printk_ratelimit', '0');
      const before = await records();
      await launch(refusing({ uname: errnoAction(100) }), ['/static']);
      await launch(refusing({ uname: errnoAction(100) }, { log: true }), ['/static']);
      await until('it is recorded', async () => (await records()) > before, 60_000, 100);
      assert.equal(await records(), before + 1);
    });

    for (const program of ['/static', '/static-pie', '/dynamic', '/dynamic-pie', '/script']) {
      test(`launches ${program}`, async () => {
        const { stdout, stderr } = await launch(refusing({ uname: errnoAction(100) }), [program]);
        assert.deepEqual([stdout, stderr], ['', 'uname failed: Network is down\n']);
      });
    }

    test('starts nothing without a whole filter for this machine', async () => {
      const good = refusing({});
      const other = filterRefusing({}, {}, machine === 'arm64' ? 'x86-64' : 'arm64');
      const noReturn = Uint8Array.from(good);
      noReturn[good.length - 8] = 0x20;
      for (const [bytes, line] of [
        [good.slice(0, -1), "the filter '/filter' is not as long as its header says"],
        [new Uint8Array(), "the filter '/filter' is too short"],
        [other, "the filter '/filter' has no program for this machine"],
        [
          noReturn,
          "can't load the filter: EINVAL (invalid argument); " +
            'the kernel refuses the program or the flags, or has no seccomp filters',
        ],
      ] as const) {
        assert.deepEqual(await launch(bytes, ['/state']), {
          status: 228,
          stdout: '',
          stderr: `sandbox-unit-launcher: ${line}\n`,
        });
      }
    });
  });

  test('read-filters shows what was loaded, the newest first, with the guard in front', async () => {
    const files = [refusing({ uname: EPERM }), refusing({ mkdirat: EPERM })];
    const [outer, inner] = files.map((bytes) => {
      const decoded = decodeFilterFile(bytes);
      assert.ok('programs' in decoded);
      return decoded.programs.get(machine)!;
    });
    await kernel().write('/outer', files[0]!);
    await kernel().write('/inner', files[1]!);
    const by = (filter: string) => ['/launcher', `--filter=${filter}`, '--'];
    const pid = await kernel().start([...by('/outer'), ...by('/inner'), '/waits', 'wait']);
    await until('it waits', async () => (await kernel().read(`/proc/${pid}/comm`)) === 'waits\n', 60_000, 10);
    const { status, stdout, stderr } = await kernel().run(['/read-filters', `${pid}`]);
    assert.deepEqual([status, stderr], [0, '']);
    const stack = parseFilters(stdout)?.threads[0]?.stack ?? assert.fail(stdout);
    assert.ok(stack.every(isGuarded));
    assert.deepEqual(stack.map(withoutGuard), [inner, outer]);
  });
}
