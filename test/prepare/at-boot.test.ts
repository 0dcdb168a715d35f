import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lackingAtBoot, lastingFiles } from '../../src/prepare/at-boot.js';
import { prepare } from '../../src/prepare/prepare.js';
import type { Context } from '../../src/system/context.js';
import { LAUNCHER, NO_EXEC, SERVICE } from '../support/demo-service.js';
import { failure } from '../support/failure.js';
import { type FakeOptions, fakeContext, machineWith, program } from '../support/fake-system.js';

const ENABLED = '/etc/sandbox-unit/enabled';
const ETC = '/etc/systemd/system-generators';
const GENERATOR = '/usr/libexec/sandbox-unit/generator';
const PLACEMENT = { scope: 'system', lifetime: 'runtime' } as const;

/** A machine that has all that the generator needs. */
const READY: FakeOptions = {
  files: { [LAUNCHER]: program('launcher'), [`${ETC}/sandbox-unit-generator`]: program('generator') },
  links: { [`${ETC}/sandbox-unit-generator`]: GENERATOR },
};

interface Case {
  readonly machine?: FakeOptions;
  readonly output?: string;
  readonly root?: string;
  readonly policy?: string;
  readonly context?: Partial<Context>;
}

async function lacking({ machine = READY, output = ENABLED, root, policy = NO_EXEC, context = {} }: Case) {
  const system = machineWith(SERVICE, policy, machine);
  const of = fakeContext(system, { placement: PLACEMENT, ...context });
  const found = await lackingAtBoot(of, await prepare(of, 'demo', {}), { output, root });
  return found.map(({ severity, code, message, hint }) => `${severity} ${code}: ${message} (${hint})`);
}

const codes = async (one: Case) => (await lacking(one)).map((text) => /^warning ([a-z-]+)/.exec(text)?.[1]);

test('a machine that has a launcher and a generator lacks nothing', async () => {
  assert.deepEqual(await lacking({}), []);
  assert.deepEqual(await lacking({ output: `${ENABLED}/../enabled/` }), []);
  const caller = { ...fakeContext(machineWith(SERVICE, NO_EXEC)).caller, directory: '/etc/sandbox-unit' };
  assert.deepEqual(await lacking({ output: 'enabled', context: { caller } }), []);
});

test('one that has neither is told of both', async () => {
  assert.deepEqual(await lacking({ machine: {} }), [
    `warning not-installed: there is no ${LAUNCHER}: the generator won't let demo.service start ` +
      "('sandbox-unit apply --runtime demo.service' tries the policy, and installs it)",
    'warning no-generator: systemd has no generator of ours: nothing is put into force at boot ' +
      '(make -C /opt/sandbox-unit/native-helper)',
  ]);
  assert.deepEqual(await codes({ machine: {}, policy: '[service]\nPrivateTmp = true\n' }), ['no-generator']);
});

test('the way to a generator is a link to that of a package, or else a copy', async () => {
  const folder = '/etc/systemd/system-generators';
  const hintOn = async (path: string, context: Partial<Context> = {}) => {
    const files = { [LAUNCHER]: program('launcher'), [path]: program('generator') };
    const [text] = await lacking({ machine: { files }, context });
    return /\((.*)\)$/.exec(text!)![1];
  };
  assert.equal(
    await hintOn(GENERATOR),
    `'mkdir -p ${folder} && ln -s ${GENERATOR} ${folder}/sandbox-unit-generator && systemctl daemon-reload' has systemd run it`,
  );
  const built = '/opt/sandbox-unit/native-helper/build/x86-64/generator';
  assert.equal(
    await hintOn(built),
    `'install -D -m 755 ${built} ${folder}/sandbox-unit-generator && systemctl daemon-reload' has systemd run it`,
  );
});

test('a generator counts in any folder and by any name, unless it is hidden or gone', async () => {
  const machines: readonly (readonly [links: Record<string, string>, copies: string[], linked: boolean])[] = [
    [{}, ['/usr/lib/systemd/system-generators/sandbox-unit-generator'], true],
    [
      { [`${ETC}/50-policies`]: '../../../usr/local/libexec/sandbox-unit/generator' },
      [`${ETC}/50-policies`],
      true,
    ],
    [{ [`${ETC}/other`]: '/usr/lib/other/generator' }, [`${ETC}/other`], false],
    // A link that leads nowhere.
    [{ [`${ETC}/sandbox-unit-generator`]: GENERATOR }, [], false],
    [
      { [`${ETC}/sandbox-unit-generator`]: '/dev/null' },
      [`${ETC}/sandbox-unit-generator`, '/usr/lib/systemd/system-generators/sandbox-unit-generator'],
      false,
    ],
  ];
  for (const [links, copies, linked] of machines) {
    const files = {
      [LAUNCHER]: program('launcher'),
      ...Object.fromEntries(copies.map((path) => [path, program('x')])),
    };
    assert.deepEqual(
      await codes({ machine: { files, links } }),
      linked ? [] : ['no-generator'],
      JSON.stringify(links),
    );
  }
});

test('a folder that the generator does not read is told, with the one that it reads', async () => {
  assert.deepEqual(await lacking({ output: '/srv/made' }), [
    "warning not-enabled: the generator doesn't read /srv/made " +
      `(it reads ${ENABLED}; for another machine, name its facts with --facts)`,
  ]);
  const caller = { ...fakeContext(machineWith(SERVICE, NO_EXEC)).caller, directory: '/srv' };
  for (const root of ['image', './image/', '/srv/image']) {
    assert.deepEqual(await codes({ root, output: `image${ENABLED}`, context: { caller } }), []);
    assert.deepEqual(await codes({ root, context: { caller } }), ['not-enabled']);
  }
});

test('of a machine that facts tell of nothing is said', async () => {
  assert.deepEqual(await lacking({ machine: {}, output: 'web1', context: { isRecorded: true } }), []);
});

test('a unit whose files would be hidden at boot is refused', async () => {
  const system = machineWith(SERVICE, NO_EXEC, {
    files: { '/etc/systemd/system/demo.service.d/zz-sandbox-unit.conf': '[Service]\n' },
  });
  const of = fakeContext(system, { placement: PLACEMENT });
  const prepared = await prepare(of, 'demo', {});
  const [code, message] = await failure(lastingFiles(of, prepared));
  assert.equal(code, 'not-lasting');
  assert.match(message!, /zz-sandbox-unit\.conf would hide the files of the generator$/);
});
