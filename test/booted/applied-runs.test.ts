/** Whether a service runs with its present files, whatever the times of the files, on a real machine. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { FOLDER, UNIT } from '../support/demo-service.js';
import { machine } from '../support/machine.js';
import { sandboxUnit } from '../support/service.js';

const POLICIES: Readonly<Record<string, string>> = {
  'a filter of the launcher': '[syscalls]\ndeny = ["execve", "execveat"]\n',
  "directives of systemd's alone": '[service]\nPrivateTmp = "yes"\n',
  'what shows in no process': '[service]\nDevicePolicy = "closed"\n',
};

const { box, run, skip, test } = machine('standing', {
  files: { [UNIT]: '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=exec\nExecStart=/usr/bin/sleep 1001\n' },
});

async function done(script: string) {
  const { status, stderr } = await box.sh(script);
  assert.deepEqual([status, stderr], [0, ''], script);
}

async function look() {
  const { stdout, stderr } = await sandboxUnit(box, 'status', '--json', UNIT);
  assert.equal(stderr, '');
  const [unit] = (JSON.parse(stdout) as { units: { state: string; drift: string[] }[] }).units;
  return { state: unit!.state, drift: unit!.drift };
}

const pid = () => box.succeed(['systemctl', 'show', '--value', '--property=MainPID', UNIT]);

async function apply(...options: string[]) {
  const { stdout } = await run(0, 'apply', '--json', ...options, UNIT);
  const [unit] = (JSON.parse(stdout) as { units: { restarted: boolean; state: string }[] }).units;
  return { restarted: unit!.restarted, state: unit!.state };
}

/** What leaves the service with other files than it was started with, each of them as old as it was. */
const OPEN: Readonly<Record<string, string>> = {
  'copied with their times onto a service that runs': `
    rm -r ${FOLDER}; systemctl daemon-reload; systemctl restart ${UNIT}
    cp -a /root/kept.d ${FOLDER}
    systemctl daemon-reload`,
  'packed and unpacked': `
    tar -C / -cf /root/kept.tar ${FOLDER.slice(1)}
    rm -r ${FOLDER}; systemctl daemon-reload; systemctl restart ${UNIT}
    tar -C / -xf /root/kept.tar
    systemctl daemon-reload`,
  'moved away and back, and the service restarted meanwhile': `
    mv ${FOLDER} /root/away.d
    systemctl daemon-reload; systemctl restart ${UNIT}
    mv /root/away.d ${FOLDER}
    systemctl daemon-reload`,
  'each moved away and back': `
    mkdir /root/away; mv ${FOLDER}/* /root/away/
    systemctl daemon-reload; systemctl restart ${UNIT}
    mkdir -p ${FOLDER}; mv /root/away/* ${FOLDER}/; rmdir /root/away
    systemctl daemon-reload`,
  'edited by hand for a try, and put back': `
    sed -i '/^LogExtraFields=/!s/^[A-Z]/#&/' ${FOLDER}/zz-sandbox-unit.conf
    systemctl daemon-reload; systemctl restart ${UNIT}
    cp /root/kept.d/zz-sandbox-unit.conf ${FOLDER}/
    systemctl daemon-reload`,
  'given other times': `touch ${FOLDER}/*; systemctl daemon-reload`,
};

/** What changes nothing of how the service was started. */
const LIVE: Readonly<Record<string, string>> = {
  'moved away and back, and nothing restarted': `
    mv ${FOLDER} /root/away.d; mv /root/away.d ${FOLDER}; systemctl daemon-reload`,
  'hard links of them, for a backup': `cp -al ${FOLDER} /etc/systemd/linked; rm -r /etc/systemd/linked`,
  'in a copy that takes the place of the folder above': `
    cp -a /etc/systemd/system /etc/systemd/copy; rm -rf /root/system; mv /etc/systemd/system /root/
    mv /etc/systemd/copy /etc/systemd/system; systemctl daemon-reload`,
  'written by something else, and the service restarted': `
    cp -r ${FOLDER} /root/again.d; rm -r ${FOLDER}; systemctl daemon-reload; systemctl restart ${UNIT}
    cp -r /root/again.d ${FOLDER}; rm -r /root/again.d; systemctl daemon-reload; systemctl restart ${UNIT}`,
  'there when the machine starts the service': `systemctl stop ${UNIT}; systemctl start ${UNIT}`,
  'another drop-in beside them': `
    printf '[Service]\\nNice=1\\n' >${FOLDER}/other.conf; rm ${FOLDER}/other.conf; systemctl daemon-reload`,
};

for (const [what, policy] of Object.entries(POLICIES)) {
  describe(`a policy with ${what}: files`, { skip }, () => {
    before(async () => {
      await box.writeFile(`/etc/sandbox-unit/${UNIT}.toml`, `${policy}[apply]\nsettle = "50ms"\n`);
      await box.sh(`systemctl daemon-reload; systemctl restart ${UNIT}; rm -rf /root/*`);
      await apply();
      await box.sh(`cp -a ${FOLDER} /root/kept.d`);
    });
    after(() => sandboxUnit(box, 'revert', UNIT));

    for (const [how, script] of Object.entries(OPEN)) {
      test(`${how}: the service doesn't run with them, and apply restarts it`, async () => {
        await done(script);
        assert.deepEqual(await look(), { state: 'restart-due', drift: [] });
        assert.notEqual((await sandboxUnit(box, 'verify', UNIT)).status, 0);
        await run(3, 'apply', '--check', UNIT);
        assert.equal((await apply()).restarted, true);
        assert.equal((await look()).state, 'live');
        const before = await pid();
        assert.deepEqual(await apply(), { restarted: false, state: 'unchanged' });
        assert.equal(await pid(), before);
      });
    }

    for (const [how, script] of Object.entries(LIVE)) {
      test(`${how}: the service runs with them, and apply leaves it alone`, async () => {
        await done(script);
        const before = await pid();
        assert.deepEqual(await look(), { state: 'live', drift: [] });
        assert.deepEqual(await apply(), { restarted: false, state: 'unchanged' });
        assert.equal(await pid(), before);
      });
    }
  });
}

describe('files that the manager reads only after the service was started', { skip }, () => {
  for (const [what, policy] of Object.entries(POLICIES)) {
    test(`${what}: the service shows that it lacks them`, async () => {
      await box.writeFile(`/etc/sandbox-unit/${UNIT}.toml`, `${policy}[apply]\nsettle = "50ms"\n`);
      await box.sh(`
        systemctl daemon-reload; systemctl restart ${UNIT}; rm -rf /root/*`);
      await apply();
      await box.sh(`cp -r ${FOLDER} /root/kept.d
        rm -r ${FOLDER}; systemctl daemon-reload
        cp -r /root/kept.d ${FOLDER}
        systemctl restart ${UNIT}; systemctl daemon-reload`);
      assert.equal((await look()).state, 'restart-due');
      await run(1, 'verify', UNIT);
      await box.sh(`systemctl restart ${UNIT}`);
      assert.equal((await look()).state, 'live');
      await sandboxUnit(box, 'revert', UNIT);
    });
  }
});

test('a restart is due if systemd had an earlier policy loaded when the service started', async () => {
  const use = async (deny: string) => {
    await box.writeFile(
      `/etc/sandbox-unit/${UNIT}.toml`,
      `[syscalls]\ndeny = ${deny}\n[apply]\nsettle = "50ms"\n`,
    );
    await apply();
  };
  await box.sh(`systemctl restart ${UNIT}; rm -rf /root/*`);
  await use('["ptrace"]');
  await box.sh(`cp -r ${FOLDER} /root/earlier.d`);
  await use('["ptrace", "mount"]');
  await done(`
    mv ${FOLDER} /root/now.d; cp -r /root/earlier.d ${FOLDER}; systemctl daemon-reload
    rm -r ${FOLDER}; cp -r /root/now.d ${FOLDER}`);
  await box.sh(`systemctl restart ${UNIT}; systemctl daemon-reload`);
  const before = await pid();
  assert.equal((await look()).state, 'restart-due');
  assert.deepEqual(await apply('--no-restart'), { restarted: false, state: 'unchanged' });
  assert.equal(await pid(), before);
  assert.equal((await apply()).restarted, true);
  assert.equal((await look()).state, 'live');
  await run(0, 'verify', UNIT);
  await sandboxUnit(box, 'revert', UNIT);
});

describe('LogExtraFields= of the unit', { skip }, () => {
  const own = `/etc/systemd/system/${UNIT}.d/zzz.conf`;
  const use = async (line: string) => {
    await box.writeFile(own, `[Service]\nLogExtraFields=${line}\n`);
    await box.writeFile(`/etc/sandbox-unit/${UNIT}.toml`, '[service]\nDevicePolicy = "closed"\n');
    await done(`systemctl daemon-reload; systemctl restart ${UNIT}`);
    await apply();
  };
  after(async () => {
    await sandboxUnit(box, 'revert', UNIT);
    await box.sh(`rm -f ${own}; systemctl daemon-reload`);
  });

  test('stays beside the one for the files', async () => {
    await use('OWN=1');
    assert.deepEqual(await look(), { state: 'live', drift: [] });
    const exported = await box.readFile(`/run/systemd/units/log-extra-fields:${UNIT}`);
    assert.match(exported, /SANDBOX_UNIT_FILES=.*OWN=1$/s);
  });

  test('in a later drop-in can reset it: then the times of the files decide', async () => {
    await use('');
    assert.deepEqual(await look(), { state: 'live', drift: [] });
    const before = await pid();
    assert.deepEqual(await apply(), { restarted: false, state: 'unchanged' });
    assert.equal(await pid(), before);
    await done(`touch ${FOLDER}/zz-sandbox-unit.conf; systemctl daemon-reload`);
    assert.equal((await look()).state, 'restart-due');
  });
});

/** Renaming a folder leaves the times of what is in it. */
test('a folder that was restored as under an earlier policy: no service runs with that policy', async () => {
  const use = async (line: string) => {
    await box.writeFile(`/etc/sandbox-unit/${UNIT}.toml`, `[service]\n${line}\n`);
    assert.equal((await apply()).restarted, true);
  };
  await box.sh(`systemctl restart ${UNIT}`);
  await use('DevicePolicy = "closed"');
  await box.sh('cp -a /etc/systemd/system /etc/systemd/earlier');
  await use('DevicePolicy = "auto"');
  const before = await pid();
  await box.sh(`
    sed -i s/auto/closed/ /etc/sandbox-unit/${UNIT}.toml
    rm -rf /root/system; mv /etc/systemd/system /root/; mv /etc/systemd/earlier /etc/systemd/system
    systemctl daemon-reload`);
  assert.deepEqual(await look(), { state: 'restart-due', drift: [] });
  await run(1, 'verify', UNIT);
  assert.equal((await apply()).restarted, true);
  assert.notEqual(await pid(), before);
  assert.deepEqual(await look(), { state: 'live', drift: [] });
  assert.deepEqual(await apply(), { restarted: false, state: 'unchanged' });
  await sandboxUnit(box, 'revert', UNIT);
});
