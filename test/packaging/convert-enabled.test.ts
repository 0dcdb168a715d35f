/** What the generator of earlier versions confined at boot is converted by a package. test/booted/packages.test.ts does it on a machine. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { enabledDropIn, enabledManifest } from '../../src/apply/restart/enabled-at-boot.js';
import { prepare } from '../../src/prepare/prepare.js';
import type { Lifetime } from '../../src/systemd/paths/placement.js';
import { UNIT } from '../support/demo-service.js';
import { fakeContext, machineWith } from '../support/fake-system.js';
import { inLayer, layerAvailable } from '../support/layer.js';
import { temporaryFolder, writeTree } from '../support/temporary.js';
import { testsUnless } from '../support/tests-unless.js';

const test = testsUnless(layerAvailable());
const SERVICE = '[Service]\nType=notify\nExecStart=/usr/sbin/demod Bücher\n';
const POLICY = `[syscalls]\ndeny = ["execve"]\n[ready]\ndeny = ["chroot"] # ü\n`;
const EARLY = `run/systemd/generator.early/${UNIT}.d`;
const MANIFEST = enabledManifest(UNIT).slice(1);

type Tree = Readonly<Record<string, string | Uint8Array>>;

/** The field for the files of a run, which drop-ins of versions with the generator don't have. */
const FIELD = /^# which files .*\nLogExtraFields=.*\n/m;

/** The unit's own files, by their paths without the first slash. */
async function filesOf(lifetime: Lifetime): Promise<Tree> {
  const context = fakeContext(machineWith(SERVICE, POLICY), { placement: { scope: 'system', lifetime } });
  const { files } = await prepare(context, UNIT, { allowGaps: true });
  const own = files.filter(({ path }) => path.includes(`/${UNIT}.d/`));
  assert.ok(own.length >= 3, own.map(({ path }) => path).join(' '));
  return Object.fromEntries(
    own.map(({ path, content }) => [
      path.slice(1),
      path.endsWith('.conf') ? Buffer.from(Buffer.from(content).toString().replace(FIELD, '')) : content,
    ]),
  );
}

/** The files of a machine on which the generator has put the unit's policy into force. */
async function inForce(): Promise<Tree> {
  const files = await filesOf('runtime');
  const dropIn = Object.entries(files).find(([path]) => path.endsWith('.conf'))![1];
  return { ...files, [MANIFEST]: 'sandbox-unit 1\n', [enabledDropIn(UNIT).slice(1)]: dropIn };
}

/** Runs the script on a machine with these files; /etc comes back. */
async function convert(t: Parameters<typeof temporaryFolder>[0], files: Tree, ...words: string[]) {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'out'));
  const systemctl = `#!/bin/sh\necho "$*" >>${folder}/out/asked\n`;
  writeTree(folder, { 'root/usr/local/bin/systemctl': systemctl });
  writeTree(join(folder, 'root'), files);
  const script = `mkdir -p /etc/systemd/system; cp -r ${folder}/root/* / && chmod +x /usr/local/bin/systemctl
    packaging/convert-enabled "$@"; status=$?
    cp -r /etc/systemd/system /etc/sandbox-unit ${folder}/out/ 2>/dev/null; exit $status`;
  const ran = await inLayer(['bash', '-c', script, 'bash', ...words], { folders: [folder] });
  const read = (path: string) => {
    const place = join(folder, 'out', path.replace(/^etc\/(?:systemd\/)?/, ''));
    return existsSync(place) ? readFileSync(place) : undefined;
  };
  return { ...ran, read, asked: read('asked')?.toString() };
}

test('convert-enabled: writes the files that a permanent apply would', async (t) => {
  const { status, stdout, stderr, read, asked } = await convert(t, await inForce(), 'upgrade', '0.1.0');
  assert.equal(status, 0, stderr);
  assert.match(
    stdout,
    /^sandbox-unit-launcher: confined by files below \/etc\/systemd\/system .*: demo\.service\n$/,
  );
  assert.equal(asked, 'daemon-reload\ndaemon-reload\n');
  for (const [path, content] of Object.entries(await filesOf('always'))) {
    // The hash of the whole text is left out.
    const text = Buffer.from(content)
      .toString('latin1')
      .replace(/^# Text: .*\n/m, '');
    assert.equal(read(path)?.toString('latin1'), text, path);
  }
  assert.equal(read('etc/sandbox-unit/enabled/activate.d'), undefined);
});

test('convert-enabled: does nothing without enabled units, or after a failed upgrade', async (t) => {
  for (const [files, word] of [
    [{}, 'install'],
    [await inForce(), 'abort-upgrade'],
  ] as const) {
    const { status, stdout, stderr, asked } = await convert(
      t,
      { 'run/systemd/system/x': '', ...files },
      word,
    );
    assert.deepEqual([status, stdout, stderr, asked], [0, '', '', undefined]);
  }
});

test("convert-enabled: one unit that doesn't fit keeps all unchanged, with the reason", async (t) => {
  const dropIn = enabledDropIn(UNIT).slice(1);
  const refused = `${UNIT} is not started without its policy: a file of the unit has changed: /x.conf\n`;
  const { [MANIFEST]: manifest, [dropIn]: enabled, ...own } = await inForce();
  const left = { [MANIFEST]: manifest!, [dropIn]: enabled! };
  const cases: readonly (readonly [files: Tree, why: string])[] = [
    [left, "systemd is not running here, so its files can't be checked"],
    [{ ...left, 'run/systemd/system/x': '' }, 'it is not in force'],
    [{ ...left, ...own, [dropIn]: '# another one\n' }, 'it is not in force'],
    [
      { ...left, ...own, [`etc/systemd/system/${UNIT}.d/zz-sandbox-unit.conf`]: '' },
      `/etc/systemd/system/${UNIT}.d/zz-sandbox-unit.conf is there already`,
    ],
    [
      {
        ...{ ...left, ...own, [`${EARLY}/zz-sandbox-unit-refused.conf`]: '' },
        [`${EARLY}/zz-sandbox-unit-refused.reason`]: refused,
      },
      'a file of the unit has changed: /x.conf',
    ],
  ];
  for (const [files, why] of cases) {
    const { status, stdout, stderr, read } = await convert(t, files, 'upgrade');
    assert.deepEqual([status, stdout], [1, ''], why);
    const told = `  ${UNIT}: ${why}; to go on without it: rm '${enabledManifest(UNIT)}'\n`;
    assert.ok(stderr.includes(told), stderr);
    assert.notEqual(read(MANIFEST), undefined);
    assert.equal(read(`etc/systemd/system/${UNIT}.d/zz-sandbox-unit.filter`), undefined);
  }
});

test("convert-enabled: an instance that the generator keeps from its template doesn't fit", async (t) => {
  const manifest = enabledManifest('demo@.service').slice(1);
  for (const [name, found] of [
    ['zz-sandbox-unit-refused', true],
    ['zz-sandbox-unit', true],
    ['other', false],
  ] as const) {
    const path = `run/systemd/generator.early/demo@a\\x2db.service.d/${name}.conf`;
    const { stderr } = await convert(t, { 'run/systemd/system/x': '', [manifest]: '', [path]: '' });
    assert.equal(stderr.includes(`demo@.service: the generator has made /${path}; `), found, stderr);
  }
});
