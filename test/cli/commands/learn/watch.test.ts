/** Tests of cli/commands/learn/watch.ts: watches on a machine in memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learn } from '../../../../src/cli/commands/learn/learn.js';
import { EXIT, error, UserError } from '../../../../src/diagnostic.js';
import { keepRecording } from '../../../../src/observe/recordings/store.js';
import { UNIT } from '../../../support/demo-service.js';
import { failure } from '../../../support/failure.js';
import { FakeSystem, fakeContext, OF_USER } from '../../../support/fake-system.js';
import { FakeUnits } from '../../../support/fake-units.js';
import { recording } from '../../../support/recordings.js';
import { seenMachine } from '../../../support/watch-in-memory.js';

const FOLDER = `/var/lib/sandbox-unit/recordings/${UNIT}/`;

const stored = (system: ReturnType<typeof seenMachine>) =>
  [...system.files.keys()].filter((path) => path.startsWith(FOLDER));
const codes = (found: readonly { readonly code: string }[]) => found.map(({ code }) => code);

test('learn: lost records are reported and fail the command; the policy is written all the same', async () => {
  const whole = await learn(fakeContext(seenMachine()), [UNIT], { for: '2s' });
  assert.deepEqual(
    [whole.exit, [...new Set(codes(whole.diagnostics))]],
    [1, ['recording-incomplete', 'recorded']],
  );
  const written = await learn(fakeContext(seenMachine()), [UNIT], { for: '2s', write: true });
  assert.equal(written.exit, 1);
  assert.match(written.text, /\[syscalls\]/);
  const losses = ({ diagnostics }: typeof whole) => {
    const lost = diagnostics.filter(({ code }) => code === 'recording-incomplete');
    return [...new Set(lost.map(({ message }) => message.slice(-30)))].sort();
  };
  assert.deepEqual(losses(written), losses(whole));
});

test('learn: reports begin and end at once, but not with --quiet', async () => {
  const told = async (more: object) => {
    const system = seenMachine();
    const units = new FakeUnits();
    const caller = units.caller(system.caller());
    await learn(fakeContext(system, { caller }), [UNIT], { for: '2s', ...more });
    return units.told;
  };
  const [begin, ...rest] = await told({});
  assert.match(
    begin!,
    /^Watching demo\.service until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ; Ctrl-C ends it earlier /,
  );
  assert.deepEqual(rest, ['The watch is over.']);
  assert.deepEqual([await told({ quiet: true }), await told({ json: true })], [[], []]);
});

test('learn: reports processes that left the control group once, also with --write', async () => {
  const machine = () => seenMachine({}, { lost: { leavers: 2 } });
  const told = async (more: object) => {
    const { diagnostics } = await learn(fakeContext(machine()), [UNIT], { for: '2s', ...more });
    return codes(diagnostics).filter((code) => code === 'recording-leavers').length;
  };
  assert.deepEqual([await told({}), await told({ write: true })], [1, 1]);
});

test('learn: a watch ends with one recording, however often it was saved, and a hint', async () => {
  const system = seenMachine();
  const { text, json, diagnostics } = await learn(fakeContext(system), [UNIT], { for: '150s' });
  assert.match(
    text,
    /^demo\.service: \d+ calls in 2min 3\ds, 1 start, 2 refused by a filter, \d+ records lost\n$/,
  );
  assert.equal(stored(system).length, 1);
  assert.deepEqual(json.recordings, [{ unit: UNIT, path: stored(system)[0] }]);
  assert.equal(codes(diagnostics).at(-1), 'recorded');
  assert.match((await learn(fakeContext(system), [UNIT], { show: true })).text, /read/);
});

test('learn --write: writes no policy if the service fails during the watch', async () => {
  const system = seenMachine({ behaviour: () => 'job-fails' });
  const { exit, text, diagnostics } = await learn(fakeContext(system), [UNIT], {
    restart: true,
    write: true,
  });
  assert.equal(exit, 1);
  assert.doesNotMatch(text, /\[syscalls\]/);
  assert.equal(codes(diagnostics).at(-1), 'not-written');
});

test("learn --write: watches nothing if the policy couldn't be written in the end", async () => {
  const file = '/etc/sandbox-unit/mine.toml';
  for (const [path, text, code] of [
    [file, 'description = "mine"\n', 'not-written'],
    [`${FOLDER}20300109T000000Z-web1-0a0a0a0a.json`, '{', 'bad-file'],
  ] as const) {
    const system = seenMachine({ files: { [path]: text } });
    const before = stored(system);
    const words = { for: '10s', write: file };
    assert.equal((await failure(learn(fakeContext(system), [UNIT], words)))[0], code);
    assert.deepEqual([stored(system), system.changes], [before, []]);
  }
});

const FILE = '/srv/mine.toml';
const READ_ONLY = 'read-only file system';

test("learn --write: watches nothing if the file couldn't be written in the end", async () => {
  for (const [options, words, said] of [
    [{ missing: ['/srv'] }, { write: FILE }, "can't write in /srv: no such folder"],
    [{ missing: ['/'] }, { write: '/x' }, "can't write in /: no such folder"],
    [{ missing: ['.'] }, { write: 'x' }, "can't write in .: no such folder"],
    [{ unwritable: { '/srv': READ_ONLY } }, { write: FILE }, `can't write in /srv: ${READ_ONLY}`],
    [
      { unwritable: { [FOLDER.slice(0, -1)]: READ_ONLY } },
      {},
      `can't write in ${FOLDER.slice(0, -1)}: ${READ_ONLY}`,
    ],
  ] as const) {
    const system = seenMachine(options);
    const found = await failure(learn(fakeContext(system), [UNIT], { for: '10s', ...words }));
    assert.deepEqual(found.slice(0, 2), ['unwritable', said]);
    assert.deepEqual([stored(system), system.changes], [[], []]);
  }
});

test('learn --write: may create the folder of policies', async () => {
  const system = seenMachine({ missing: ['/etc/sandbox-unit', '/etc/sandbox-unit/a'] });
  const write = '/etc/sandbox-unit/learned.toml';
  const { diagnostics } = await learn(fakeContext(system), [UNIT], { for: '2s', write });
  assert.ok(codes(diagnostics).includes('written'));
  const below = learn(fakeContext(system), [UNIT], { show: true, write: '/etc/sandbox-unit/a/x.toml' });
  assert.equal((await failure(below))[1], "can't write in /etc/sandbox-unit/a: no such folder");
});

test("learn --write: keeps the recording if the policy can't be written, with a hint", async () => {
  const system = seenMachine();
  const replace = system.replace.bind(system);
  system.replace = async (path, ...rest) => {
    if (path === FILE) throw new UserError(error('unwritable', `can't write ${path}`), 2);
    return replace(path, ...rest);
  };
  const words = { for: '2s', write: FILE };
  const { exit, text, json, diagnostics } = await learn(fakeContext(system), [UNIT], words);
  assert.equal(exit, 2);
  assert.match(text, /^demo\.service: \d+ calls in /);
  assert.deepEqual(json.recordings, [{ unit: UNIT, path: stored(system)[0] }]);
  assert.ok(codes(diagnostics).includes('recording-incomplete'));
  assert.deepEqual(codes(diagnostics).slice(-3), ['recorded', 'unwritable', 'not-written']);
  assert.equal(
    diagnostics.at(-1)!.hint,
    `'sandbox-unit learn --show ${UNIT} --write ${FILE}' writes it without another watch`,
  );
});

for (const time of ['0', '-1', 'soon', '2y', '500ms']) {
  test(`learn: --for ${time} is no time`, async () => {
    await assert.rejects(
      learn(fakeContext(seenMachine()), [UNIT], { for: time }),
      ({ diagnostics: [first] }) => {
        assert.equal(first.code, 'usage');
        return true;
      },
    );
  });
}

test('learn --background: a watch is listed and stopped', async () => {
  const name = `sandbox-unit-learn-${UNIT}`;
  const state = { begin: 1, end: null, phase: 'serving', calls: 3, lost: 0 };
  const files = { [`/run/sandbox-unit/watches/${UNIT}`]: JSON.stringify(state) };
  const system = seenMachine({ files, locked: 'for-ever', running: [UNIT, name] });
  const units = new FakeUnits();
  const context = fakeContext(system, { units });
  const begun = await learn(context, ['demo'], { background: true, for: '7d', exercise: 'true' });
  assert.deepEqual(codes(begun.diagnostics), ['watched']);
  const [[, argv]] = units.started[0]!.properties.get('ExecStart') as [[string, string[]]];
  assert.deepEqual(argv.slice(2), ['learn', '--for', '7d', '--exercise', 'true', '--', UNIT]);
  assert.match(
    (await learn(context, [], { list: true })).text,
    /^demo\.service \(serving\): watched for .* by sandbox-unit-learn-demo\.service\n$/,
  );
  await keepRecording(context, recording());
  const { exit, json, text, diagnostics } = await learn(context, ['x', UNIT, 'y'], { stop: true });
  assert.deepEqual(
    [exit, json, text, diagnostics.map((one) => one.message)],
    [
      2,
      { stopped: [UNIT] },
      'demo.service: the watch has ended\n',
      ['x.service is not being watched', 'y.service is not being watched'],
    ],
  );
});

test("learn --background: a watch that can't begin doesn't keep others from it", async () => {
  const refused = new FakeUnits({ refused: new UserError(error('manager-refused', 'no'), EXIT.failure) });
  const units = new FakeUnits();
  const start = units.start.bind(units);
  units.start = async (name, ...more) =>
    name.endsWith('-x.service') ? refused.start(name, ...more) : start(name, ...more);
  const words = { background: true, for: '7d' };
  const begun = await learn(fakeContext(seenMachine(), { units }), ['demo', 'x', 'y'], words);
  assert.deepEqual(
    [begun.exit, begun.json, codes(begun.diagnostics)],
    [2, { watched: [UNIT, 'y.service'] }, ['watched', 'manager-refused', 'watched']],
  );
});

test('learn --list and --stop: watches belong to the user who started them', async () => {
  const system = seenMachine();
  for (const action of [{ list: true }, { stop: true }]) {
    const asked = learn(fakeContext(system, { superuser: false }), action.list ? [] : [UNIT], action);
    assert.deepEqual(await failure(asked), [
      'needs-root',
      'only root may list and end watches of services',
      'run it with sudo',
    ]);
  }
  assert.deepEqual(system.calls, []);
  const own = fakeContext(new FakeSystem(), { superuser: false, placement: OF_USER });
  assert.equal((await learn(own, [], { list: true })).text, 'No service is being watched.\n');
  const [code, message, hint] = await failure(learn(own, [UNIT], { background: true }));
  assert.deepEqual([code, message], ['needs-root', "a user manager can't watch services in the background"]);
  assert.match(hint!, /^sudo systemd-run --pty .* learn --user demo\.service$/);
});
