/** Tests of cli/run/explain-run.ts and cli/run/run-status.ts: units of run without their policy. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from '../../../src/cli/commands/explain.js';
import { status } from '../../../src/cli/commands/status.js';
import { toBase64 } from '../../../src/collections.js';
import { UserError } from '../../../src/diagnostic.js';
import { RUN_MANUAL } from '../../../src/machine/state/run-units.js';
import { compile } from '../../../src/seccomp/filter/compile/compile.js';
import { encodeFilterFile } from '../../../src/seccomp/filter/filter-file.js';
import { type FakeOptions, fakeContext } from '../../support/fake-system.js';
import { planned } from '../../support/planned.js';
import { type Logs, machine, record, START } from '../../support/refusals-in-memory.js';

const RUN = 'r.service';
const PATH = `/run/systemd/transient/${RUN}`;
const PROGRAM = '/usr/bin/tool';

/** The argument of a launcher whose filter refuses uname(2). */
function filterWord(action = ''): string {
  const { meaning } = planned(`[syscalls]\ndeny = ["uname"]\n${action}`);
  const programs = new Map([['x86-64', compile(meaning!)]] as const);
  return `--filter-base64=${toBase64(encodeFilterFile({ noNewPrivileges: true, log: false, programs }))}`;
}

const unitFile = (lines: string, command = PROGRAM) =>
  `[Unit]\nDocumentation=${RUN_MANUAL}\n[Service]\n${lines}\nExecStart=${command}\n`;

const launched = (word: string) => unitFile('', `/l/launcher "${word}" -- ${PROGRAM}`);

const machineOf = (file: string, logs: Logs = {}, options: FakeOptions = {}) =>
  machine({ begins: START - 100, ...logs }, { files: { [PATH]: file }, running: [RUN], ...options });

async function explained(file: string, logs: Logs = {}, options: FakeOptions = {}) {
  const { exit, json, text, diagnostics } = await explain(
    fakeContext(machineOf(file, logs, options)),
    [RUN],
    {},
  );
  const refusals = json.refusals as {
    call: string;
    cause: { kind: string; what: string };
    changes: object[];
  }[];
  return { exit, json, text, codes: diagnostics.map(({ code }) => code), refusals };
}

const UNAME = record(100, 63, PROGRAM);

test('explain of a unit of run: the cause is a directive of the unit, and the change a command line', async () => {
  const cases: readonly [string, string, RegExp][] = [
    [unitFile('SystemCallFilter=~uname'), 'own-filter', /remove uname from --deny or add it to --allow/],
    [launched(filterWord()), 'own-filter', /remove uname from --deny or add it to --allow/],
  ];
  for (const [file, kind, change] of cases) {
    const { exit, refusals, text, json } = await explained(file, { records: [UNAME] });
    assert.deepEqual([exit, json.policy], [1, null]);
    const found = refusals.map(({ call, cause }) => [call, cause.kind]);
    assert.deepEqual(found, [['uname', kind]]);
    assert.match(text, change);
    assert.match(text, /\(sandbox-unit run\)/);
  }
});

test('explain of a unit of run: names a directive that refuses a call, and a foreign filter as such', async () => {
  const mount = record(100, 165, PROGRAM);
  const distort = (properties: Map<string, unknown>) => properties.set('ProtectKernelModules', true);
  const load = record(100, 175, PROGRAM);
  const { refusals } = await explained(launched(filterWord()), { records: [load, mount] }, { distort });
  assert.deepEqual(
    refusals.map(({ cause, changes }) => [cause.kind, cause.what, changes.length]),
    [
      ['directive', 'ProtectKernelModules=', 1],
      ['elsewhere', 'another filter', 0],
    ],
  );
});

test('explain of a unit of run: proposes no change for a guess, and no impossible one', async () => {
  const { refusals, text } = await explained(unitFile('SystemCallFilter=~uname'), {
    records: [record(900, 63, PROGRAM)],
  });
  assert.deepEqual([refusals[0]!.changes, refusals[0]!.cause.kind], [[], 'own-filter']);
  assert.match(text, /outside of any container most calls can be attributed/);
  assert.doesNotMatch(text, /--record/);
});

test('explain of a unit of run: a call that the launcher only records is no finding', async () => {
  const logged = UNAME.replace('code=0x80000000', 'code=0x7ffc0000');
  const { exit, refusals } = await explained(unitFile(''), { records: [logged] });
  assert.deepEqual([exit, refusals[0]?.cause.kind], [0, 'recorded']);
});

test('explain of a unit of run: without a record it says whether there can be one', async () => {
  const none = await explained(launched(filterWord()));
  assert.deepEqual([none.exit, none.codes], [0, ['no-record']]);
  for (const file of [launched(filterWord('action = "EPERM"\n')), launched('--filter-base64=eA==')]) {
    const silent = await explained(file);
    assert.deepEqual([silent.exit, silent.codes], [0, ['no-record']]);
  }
});

test('explain of a unit of run: refuses options about a policy file, and reports a unit that is gone', async () => {
  const context = fakeContext(
    machineOf(
      unitFile(''),
      {},
      {
        distort: (properties) => properties.set('Transient', true),
      },
    ),
  );
  for (const options of [{ record: true }, { write: true }, { policy: '/p.toml' }]) {
    await assert.rejects(explain(context, [RUN], options), (cause: unknown) => {
      return cause instanceof UserError && cause.diagnostics[0]!.code === 'unit-transient';
    });
  }
  await assert.rejects(explain(context, ['gone.service'], {}), (cause: unknown) => {
    const [first] = cause instanceof UserError ? cause.diagnostics : [];
    return first?.code === 'no-unit' && /unit of 'run' is unloaded/.test(first.hint ?? '');
  });
});

test('status of a unit of run: by its name, with the number of refused calls', async () => {
  const refused = async (file: string, logs: Logs = {}) => {
    const { json } = await status(fakeContext(machineOf(file, logs)), [RUN]);
    const [unit] = json.units as {
      transient: boolean;
      refused: { count: number | null; unseen: string[] };
    }[];
    return [unit!.transient, unit!.refused.count, unit!.refused.unseen];
  };
  assert.deepEqual(await refused(launched(filterWord())), [true, 0, []]);
  assert.deepEqual(await refused(launched(filterWord()), { records: [UNAME] }), [true, 1, []]);
  assert.deepEqual(await refused(launched(filterWord('action = "EPERM"\n'))), [true, null, ['errno']]);
  assert.deepEqual(await refused(launched('--filter-base64=eA==')), [true, null, ['errno']]);
});
