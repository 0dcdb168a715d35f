import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe } from 'node:test';
import { LAUNCHER_CALLS, TRACER_CALLS } from '../../src/seccomp/filter/filter-file.js';
import { ALLOW, errnoAction } from '../../src/seccomp/syscalls/action.js';
import { BARE, compiled } from '../support/compiled.js';
import {
  asNobody,
  compileProgram,
  filterRefusing,
  MACHINE,
  programOf,
  rootObstacle,
  startRefusing,
  writeFilter,
} from '../support/native.js';
import { inRepository } from '../support/repository.js';
import { run } from '../support/run.js';

const { folder, paths, skip, test } = compiled({
  under: [],
  fault: [],
  early: ['-shared', '-fPIC'],
  still: BARE,
});
const { launcher, under, fault, early, still } = paths;

const refusals = { uname: errnoAction(100) };
const filterBytes = skip ? new Uint8Array() : filterRefusing(refusals, startRefusing(refusals));
const filter = writeFilter(folder, 'filter', filterBytes);
let myos: string;

before(async () => {
  if (skip) return;
  myos = join(folder, 'myos');
  await run(['cc', '-o', myos, inRepository('test/booted/programs/myos.c')]);
});

const launch = (...argv: string[]) => [launcher, `--filter=${filter}`, '--', ...argv];
const preload = (what: string, ...argv: string[]) => ['env', `LD_PRELOAD=${early}`, `EARLY=${what}`, ...argv];

/** How it ended, and the launcher's last words without its name; nothing of the program's may be there. */
async function endOf(argv: readonly string[]): Promise<{ end: number | NodeJS.Signals; line: string }> {
  const { status, signal, stdout, stderr } = await run(argv);
  assert.equal(stdout, '');
  return { end: signal ?? status, line: stderr.replace(/^sandbox-unit-launcher: (.*)\n$/, '$1') };
}

describe('a process started before the entry point ends the start:', () => {
  for (const what of ['fork', 'vfork', 'thread', 'process']) {
    test(what, async () => {
      assert.deepEqual(await endOf(preload(what, ...launch(myos))), {
        end: 'SIGKILL',
        line: "a library of the program starts a thread or a process before the entry point; use stage 'exec'",
      });
    });
  }
});

test("the tracer can't be reached before the entry point", { skip: rootObstacle() }, async () => {
  const { stdout } = await run(asNobody(preload('tracer', ...launch(myos))));
  assert.equal(stdout, 'tracer seen: Permission denied\n');
});

describe("a program that doesn't reach its entry point ends as without the launcher", () => {
  test('when a constructor exits', async () => {
    assert.deepEqual(await endOf(launch(...preload('exit', myos))), { end: 9, line: '' });
  });
  test('when a library is missing', async () => {
    const program = join(folder, 'incomplete');
    const library = join(folder, 'libgone.so');
    await run(['cc', '-shared', '-o', library, '-x', 'c', '/dev/null']);
    const link = ['-Wl,--no-as-needed', `-L${folder}`, '-lgone'];
    await run(['cc', '-o', program, inRepository('test/booted/programs/myos.c'), ...link]);
    rmSync(library);
    const { end, line } = await endOf(launch(program));
    assert.equal(end, 127);
    assert.match(line, /libgone\.so: cannot open shared object file/);
  });
});

describe('without the tracer, nothing starts', () => {
  const subreaper = {
    end: 228,
    line:
      "stage 'entry' can't serve the init of a PID namespace or a subreaper; " +
      "leave PrivatePIDs= out, or use stage 'exec'",
  };
  test('for the first process of a PID namespace', { skip: rootObstacle() }, async () => {
    assert.deepEqual(await endOf(['unshare', '--pid', '--fork', '--', ...launch(myos)]), subreaper);
  });
  test('for a subreaper', async () => {
    assert.deepEqual(await endOf([under, '--subreaper', '--', ...launch(myos)]), subreaper);
  });
  test('if there is no room for processes', { skip: rootObstacle() }, async () => {
    assert.deepEqual(await endOf(asNobody(['prlimit', '--nproc=1', ...launch(myos)])), {
      end: 228,
      line:
        "can't start the tracer of stage 'entry': EAGAIN (try again); " +
        'TasksMax= or LimitNPROC= must leave room for two processes',
    });
  });
  test('for a program whose memory its user may not see', { skip: rootObstacle() }, async () => {
    const secret = join(folder, 'secret');
    copyFileSync(myos, secret);
    chownSync(secret, 0, 0);
    chmodSync(secret, 0o711);
    assert.deepEqual(await endOf(asNobody(launch(secret))), {
      end: 'SIGKILL',
      line:
        "can't reach the memory of the program for stage 'entry': EIO (input or output error); " +
        "its file must be readable by the service's user",
    });
  });
  test('for a 32-bit program', {
    skip: skip ?? (process.arch === 'x64' ? undefined : 'only x86-64 runs i386 programs'),
  }, async (t) => {
    const options = '-m32 -ffreestanding -nostdlib -static -fno-pie -no-pie -fno-stack-protector'.split(' ');
    const program = await compileProgram('program32', folder, [...options, '-Wl,--build-id=none']);
    if ((await run([program, '/bin/true', ''])).signal === 'SIGSEGV') {
      return t.skip('this kernel runs no 32-bit programs');
    }
    assert.deepEqual(await endOf(launch(program, '/bin/true', '')), {
      end: 'SIGKILL',
      line: "stage 'entry' can't serve a 32-bit program; use stage 'exec'",
    });
  });
});

describe("under a filter that refuses the tracer's calls, nothing starts", () => {
  const start = (text: string) => `can't start the tracer of stage 'entry': ${text}`;
  const permit = "EPERM (operation not permitted); another filter must permit its calls; or use stage 'exec'";
  const seize = "can't trace this process for stage 'entry': EPERM (operation not permitted); ";
  const yama = "ptrace is refused here, by kernel.yama.ptrace_scope or another filter; use stage 'exec'";
  const trace =
    "can't trace the program to its entry point: EPERM (operation not permitted); " +
    'another filter refuses ptrace: SystemCallFilter= must permit it';
  const unreachable =
    "can't reach the memory of the program for stage 'entry': EIO (input or output error); " +
    "its file must be readable by the service's user";
  /** By call and first argument: ptrace's requests are those of linux/ptrace.h. */
  const CASES: readonly [string, number | string, string][] = [
    ['socketpair:1', 228, start(permit)],
    ['clone:1', 228, start(permit)],
    ['rt_sigprocmask:1', 228, start(permit)],
    ['close_range:1', 228, start(permit)],
    [
      'sendto:1',
      228,
      start("EPIPE (the other end is closed); another filter must permit its calls; or use stage 'exec'"),
    ],
    ['wait4:1', 228, start(permit)],
    ['ptrace:1', 228, seize + yama],
    ['ptrace:0', 228, "can't trace this process for stage 'entry': ECHILD (no such child process)"],
    ['ptrace@0x4206:1', 228, seize + yama],
    ['ptrace@0x4206:0', 228, "can't trace this process for stage 'entry': ECHILD (no such child process)"],
    ['ptrace@0x4204:1', 'SIGKILL', trace],
    ['ptrace@0x4204:0', 'SIGKILL', unreachable],
    ['ptrace@0x4205:1', 'SIGKILL', trace],
    ['ptrace@2:1', 'SIGKILL', trace],
    ['ptrace@5:1', 'SIGKILL', trace],
    ['ptrace@5:0', 'SIGKILL', "can't stop the program at its entry point"],
    ['ptrace@0x420e:1', 'SIGKILL', trace],
    [
      'ptrace@0x420e:0',
      'SIGKILL',
      "can't trace the program to its entry point; another filter refuses ptrace: SystemCallFilter= must permit it",
    ],
    ['ptrace@24:1', 'SIGKILL', trace],
    ['ptrace@0x420a:1', 'SIGKILL', trace],
    ['ptrace@0x420b:1', 'SIGKILL', trace],
    ['ptrace@17:1', 'SIGKILL', trace],
  ];
  for (const [fail, end, line] of CASES) {
    test(fail, async () => {
      assert.deepEqual(await endOf([under, `--fail=${fail}`, '--', ...launch(myos)]), { end, line });
    });
  }

  test('the listed calls are enough to launch a program, and all are needed', async () => {
    const all = [...LAUNCHER_CALLS, ...TRACER_CALLS];
    const permitting = (calls: readonly string[]) =>
      run([under, `--permit=${calls.join(',')}`, '--', ...launch(still)]);
    assert.equal((await permitting(all)).status, 7);
    for (const call of TRACER_CALLS) {
      const { status, signal } = await permitting(all.filter((one) => one !== call));
      assert.ok(signal === 'SIGSYS' || signal === 'SIGKILL' || status === 228, `${call}: ${status}`);
    }
  });

  test('if a filter answers the call that loads the policy', async () => {
    const start = new Map([[MACHINE!, programOf({ seccomp: errnoAction(1) }, ALLOW)]]);
    const path = writeFilter(folder, 'no-seccomp', filterRefusing(refusals, { start }));
    assert.deepEqual(await endOf([launcher, `--filter=${path}`, '--', myos]), {
      end: 228,
      line:
        "can't load the filter at the program's entry point: EPERM (operation not permitted); " +
        'another filter refuses seccomp: SystemCallFilter= must permit it',
    });
  });
});

describe('at each call of the tracer that fails, the program never runs unfiltered:', () => {
  const disturbed = async (how: string, at: number) => {
    const { status, stdout, stderr } = await run([fault, how, `${at}`, ...launch(myos)], { env: {} });
    return { status, stdout, stderr, calls: Number(/^calls=(\d+)$/m.exec(stderr)?.[1]) };
  };
  for (const how of ['kill', 'fail']) {
    test(how === 'kill' ? 'if it is killed' : 'if the call fails', { skip }, async () => {
      const { calls, status } = await disturbed('none', 0);
      assert.ok(calls > 50 && status === 1);
      const ends = new Map<number, number>();
      for (let at = 1; at <= calls; at++) {
        const end = await disturbed(how, at);
        assert.equal(end.stdout, '', `${how} ${at}`);
        // Past its detachment the tracer doesn't count any more; before, the program must not have run.
        const ran = /^uname failed: Network is down$/m.test(end.stderr);
        assert.equal(ran, at > calls - 1 || end.status === 1, `${how} ${at}: ${end.stderr}`);
        assert.ok(ran || end.status === 228 || end.status === 137, `${how} ${at}: ${end.status}`);
        ends.set(end.status, (ends.get(end.status) ?? 0) + 1);
      }
      assert.ok(ends.get(228)! > 3 && ends.get(137)! > 40 && (ends.get(1) ?? 0) <= 2, [...ends].join(' '));
    });
  }
});
