/** Services that lose calls after readiness. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe } from 'node:test';
import { TIGHTEN } from '../support/demo-service.js';
import { INJECTOR_HERE } from '../support/injector.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { REPOSITORY } from '../support/repository.js';
import { apply, FILES, mainPid, policyPath, properties, revert, sandboxUnit } from '../support/service.js';
import { LONG } from '../support/thorough.js';
import { until } from '../support/until.js';

/** Why no filter can be loaded into a running service here. */
const POLICY = '[ready]\ndeny = ["execve", "execveat", "io_uring_setup:ENOSYS"]\n';

/** For a service that goes on when a call is refused. */
const TOLERANT = '[apply]\nrefused = "warn"\n';

/** For services that don't tell when they are ready; a busy machine may be slow to start them. */
const SETTLING = `${POLICY}settle = "2s"\n`;

const BUS_NAME = 'org.example.Ready';

/** What lets root own the name on the bus, and the program that does. */
const BUS_POLICY = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "busconfig.dtd">
<busconfig><policy user="root"><allow own="${BUS_NAME}"/></policy></busconfig>
`;
const OWNER = `/usr/local/bin/node -e 'require("${REPOSITORY}/node_modules/dbus-next").systemBus().requestName("${BUS_NAME}", 0)'`;

/** A service that starts a program when it starts, when it is asked and when it is reloaded, and says what came of it. */
const SERVICE = `#!/bin/bash
out=${FILES}/$1.out
ask=${FILES}/$1.ask
try() { /bin/true 2>/dev/null; echo "$1 $?" >>"$out"; }
trap 'try reloaded' HUP
[ -z "$LISTEN_FDS" ] || read -r -t 0.1 -u 3
rm -f "$ask"
mkfifo "$ask"
exec 3<>"$ask"
try started
[ -z "$NOTIFY_SOCKET" ] || systemd-notify --ready
if [ -n "$BUS" ]; then ${OWNER} & fi
while :; do read -r -u 3 || continue; try asked; done
`;
const PROGRAM = '/opt/programs/asked';

const { box, run, skip, test } = machine('ready', {
  programs: { threads: ['test/booted/programs/threads.c', '-static', '-pthread'] },
  prepare: () => box.writeFile(PROGRAM, SERVICE, '0755'),
});

/** Defines a service, and starts it. */
async function start(unit: string, lines: string): Promise<void> {
  await changeFiles(box, { [`/etc/systemd/system/${unit}`]: `[Service]\n${lines}\n` });
  await box.succeed(['systemctl', 'start', unit]);
}

/** Asks a service once it has said all else, and returns all that it has said since it was last asked for that. */
async function said(unit: string, request: 'ask' | 'nothing', lines: number): Promise<string[]> {
  const script = `
    out=${FILES}/$1.out ask=${FILES}/$1.ask
    reach() { for _ in $(seq 1500); do [ "$(wc -l <"$out")" -ge "$1" ] && break; sleep 0.02; done; }
    ${request === 'ask' ? `reach ${lines - 1}; echo >"$ask"` : ''}
    reach ${lines}
    cat "$out"
    : >"$out"`;
  const text = await box.succeed(['bash', '-c', script, 'bash', unit]);
  return text.trimEnd().split('\n');
}

const DIRECT = `ExecStart=${PROGRAM} %n`;
const NOTIFY = `Type=notify\nNotifyAccess=all\n${DIRECT}`;
const BEHIND = `Type=forking\nExecStart=/bin/bash -c '${PROGRAM} %n & until [ -p ${FILES}/%n.ask ]; do sleep 0.02; done'`;

/** A kind of service, the type that it has with [ready], and what has it start. */
interface Kind {
  readonly lines: string;
  readonly type: string;
  readonly becomes: string;
  readonly start?: string;
}

const KINDS: Readonly<Record<string, Kind>> = {
  simple: { lines: DIRECT, type: 'simple', becomes: 'exec' },
  exec: { lines: `Type=exec\n${DIRECT}`, type: 'exec', becomes: 'exec' },
  notify: { lines: NOTIFY, type: 'notify', becomes: 'notify' },
  'on-bus': {
    lines: `Type=dbus\nBusName=${BUS_NAME}\nEnvironment=BUS=${BUS_NAME}\n${DIRECT}`,
    type: 'dbus',
    becomes: 'dbus',
  },
  forking: { lines: BEHIND, type: 'forking', becomes: 'forking' },
  'pid-file': {
    lines: `PIDFile=${FILES}/%n.pid\n${BEHIND.replace('%n &', `%n & echo $$! >${FILES}/%n.pid;`)}`,
    type: 'forking',
    becomes: 'forking',
  },
  activated: {
    lines: `Type=exec\n${DIRECT}`,
    type: 'exec',
    becomes: 'exec',
    start: `systemctl start activated.socket; echo >${FILES}/activated.fifo
      until systemctl is-active --quiet activated.service; do sleep 0.1; done`,
  },
};

describe('a service that can start a program until it serves can start none later', () => {
  const units = Object.keys(KINDS).map((kind) => `${kind}.service`);

  before(async () => {
    if (skip) return;
    await changeFiles(box, {
      '/etc/systemd/system/activated.socket': `[Socket]\nListenFIFO=${FILES}/activated.fifo\n`,
      '/etc/dbus-1/system.d/owner.conf': BUS_POLICY,
      ...Object.fromEntries(
        Object.entries(KINDS).map(([kind, { lines }]) => [
          `/etc/systemd/system/${kind}.service`,
          `[Service]\n${lines}\nExecStartPost=-/bin/false\n`,
        ]),
      ),
    });
    await box.succeed(['systemctl', 'try-reload-or-restart', 'dbus.service']);
    for (const [kind, { start = `systemctl start ${kind}.service` }] of Object.entries(KINDS)) {
      await box.sh(start);
      assert.deepEqual(await said(`${kind}.service`, 'ask', 2), ['started 0', 'asked 0'], kind);
    }
    await apply(box, SETTLING, ...units);
  });

  for (const [kind, { becomes, start = `systemctl start ${kind}.service` }] of Object.entries(KINDS)) {
    const unit = `${kind}.service`;
    test(`with Type=${becomes}: ${kind}`, async () => {
      const wanted = { Type: becomes, ActiveState: 'active' };
      assert.deepEqual(await properties(box, unit, 'Type', 'ActiveState'), wanted);
      assert.deepEqual(await said(unit, 'ask', 2), ['started 0', 'asked 126']);
      await box.sh(`systemctl stop ${unit}; ${start}`);
      assert.deepEqual(await said(unit, 'ask', 2), ['started 0', 'asked 126']);
      await run(0, 'verify', unit);
    });
  }

  test('the filter of [ready] is seen by verify, and revert removes it', async () => {
    await run(0, 'status', ...units);
    await revert(box, ...units);
    await assert.rejects(box.readFile(TIGHTEN));
    for (const [kind, { type }] of Object.entries(KINDS)) {
      assert.deepEqual(await said(`${kind}.service`, 'ask', 2), ['started 0', 'asked 0'], kind);
      assert.equal((await properties(box, `${kind}.service`, 'Type')).Type, type);
    }
  });
});

describe('a service without privileges loses calls once it serves', () => {
  test('and keeps the refusals of its start', async () => {
    const unit = 'user.service';
    await box.sh(`chmod 777 ${FILES}`);
    await start(unit, `User=nobody\n${DIRECT}`);
    assert.deepEqual(await said(unit, 'ask', 2), ['started 0', 'asked 0']);
    const rule = '[[syscalls.rules]]\nsyscall = "ioctl"\nwhen = [{ arg = 1, eq = "TIOCSTI" }]\naction = ';
    const policy = (action: string) =>
      `[syscalls]\ndeny = ["@mount"]\naction = "EPERM"\n${rule}"${action}"\n${SETTLING}`;
    await apply(box, policy('EIO'), unit);
    assert.deepEqual(await said(unit, 'ask', 2), ['started 0', 'asked 126']);
    const { stdout } = await run(0, 'verify', unit);
    assert.match(stdout, /as the policy says/);
    await box.writeFile(policyPath(unit), policy('kill'));
    const stricter = await run(1, 'verify', unit);
    assert.match(stricter.stdout + stricter.stderr, /error\[looser\].*ioctl/);
    await revert(box, unit);
  });
});

test('a service of stage entry loses more calls once it serves', async () => {
  const unit = 'entry.service';
  await start(unit, DIRECT);
  assert.deepEqual(await said(unit, 'ask', 2), ['started 0', 'asked 0']);
  await apply(box, `[syscalls]\ndeny = ["mount"]\nstage = "entry"\n${SETTLING}`, unit);
  assert.deepEqual(await said(unit, 'ask', 2), ['started 0', 'asked 126']);
  await box.succeed(['systemctl', 'restart', unit]);
  assert.deepEqual(await said(unit, 'ask', 2), ['started 0', 'asked 126']);
  await run(0, 'verify', unit);
  await revert(box, unit);
});

describe('a service behind a start script that learn --ready has confined', () => {
  const unit = 'threads.service';
  const out = `${FILES}/${unit}.out`;
  const program = '/opt/programs/threads';

  /** Has the service do something, and returns what came of it. */
  async function did(signal: 'USR1' | 'USR2'): Promise<string> {
    await box.sh(`: >${out}`);
    await box.succeed(['kill', `-${signal}`, `${await mainPid(box, unit)}`]);
    await until('the service says what came of it', async () => (await box.readFile(out)).endsWith('\n'));
    return (await box.readFile(out)).trim();
  }

  test('starts threads, and no process; its program runs from its own path', { skip }, async () => {
    await box.writeFile('/opt/programs/start', `#!/bin/sh\n/bin/true\nexec ${program}\n`, '0755');
    await start(unit, `StandardOutput=append:${out}\nExecStart=/opt/programs/start`);
    assert.deepEqual([await did('USR1'), await did('USR2')], ['thread 0', 'process 0']);
    const learn = ['learn', '--restart', '--exercise', 'true', '--ready', unit, '--write', policyPath(unit)];
    await run(0, ...learn);
    await apply(box, await box.readFile(policyPath(unit)), unit);
    assert.deepEqual([await did('USR1'), await did('USR2')], ['thread 0', 'process 1']);
    const exe = `/proc/${await mainPid(box, unit)}/exe`;
    assert.equal((await box.succeed(['readlink', exe])).trim(), program);
    await revert(box, unit);
  });
});

describe('a service that has ended before the filter is loaded', () => {
  /** Has a policy for a unit that doesn't run, and starts it. */
  const startUnder = async (unit: string, lines: string) => {
    await changeFiles(box, { [`/etc/systemd/system/${unit}`]: `[Service]\n${lines}\n` });
    await box.writeFile(policyPath(unit), SETTLING);
    await run(0, 'apply', unit);
    await box.succeed(['systemctl', 'start', unit]);
  };

  test('has succeeded, as without [ready]', async () => {
    const unit = 'brief.service';
    await startUnder(unit, 'ExecStart=/bin/true');
    const ended = { ActiveState: 'inactive', Result: 'success' };
    assert.deepEqual(await properties(box, unit, 'ActiveState', 'Result'), ended);
    await revert(box, unit);
  });

  test('has no process left without the filter', async () => {
    const unit = 'leaving.service';
    const left = `${FILES}/left.pid`;
    const script = `/bin/sleep 1000 & echo $$! >${left}; exec /bin/sleep 0.2`;
    await startUnder(unit, `KillMode=process\nExecStart=/bin/sh -c '${script}'`);
    assert.equal((await properties(box, unit, 'ActiveState')).ActiveState, 'inactive');
    const pid = (await box.readFile(left)).trim();
    assert.match(await box.readFile(`/proc/${pid}/status`), /^Seccomp_filters:\t1$/m);
    await box.succeed(['kill', pid]);
    await revert(box, unit);
  });
});

describe("the service's own output", () => {
  const out = `${FILES}/output`;

  test('contains nothing from the program that loads the filter', async () => {
    const unit = 'output.service';
    await box.writeFile(out, 'before it starts\n');
    await start(unit, `StandardOutput=file:${out}\n${DIRECT}`);
    await apply(box, SETTLING, unit);
    assert.equal(await box.readFile(out), 'before it starts\n');
    const said = await box.succeed(['journalctl', '--no-pager', '--unit', unit, '--identifier', 'tighten']);
    assert.match(
      said,
      /: tighten: the filter is loaded into 1 thread of 1 process, which stood still for [\d.]+ ms$/m,
    );
    await box.writeFile(policyPath(unit), '[ready]\ndeny = ["read"]\n');
    assert.notEqual((await sandboxUnit(box, 'apply', unit)).status, 0);
    assert.equal(await box.readFile(out), 'before it starts\n');
    const failures = ['journalctl', '--no-pager', '--unit', unit, '--priority', 'err'];
    assert.match(await box.succeed(failures), /: tighten: thread \d+ waits in call \d+/);
    await revert(box, unit);
  });

  test("contains nothing from that program if it is a client's connection", async () => {
    const accepts = `[Socket]\nListenStream=${FILES}/talk.socket\nAccept=yes\n`;
    const script = 'echo hello; read -r line; echo "$line"; exec 0<&- 1>&- 2>&-; exec sleep 10';
    const service = `[Service]\nType=exec\nStandardInput=socket\nExecStart=/bin/sh -c '${script}'\n`;
    await changeFiles(box, {
      '/etc/systemd/system/talk.socket': accepts,
      '/etc/systemd/system/talk@.service': service,
    });
    await box.writeFile(policyPath('talk@.service'), POLICY);
    await run(0, 'apply', 'talk@.service');
    await box.succeed(['systemctl', 'start', 'talk.socket']);
    const client = `require('net').connect('${FILES}/talk.socket').on('connect', function () {
      this.pipe(process.stdout); setTimeout(() => this.write('bye\\n'), 3000); })`;
    assert.equal(await box.succeed(['/usr/local/bin/node', '-e', client]), 'hello\nbye\n');
    await box.succeed(['systemctl', 'stop', 'talk.socket']);
    await revert(box, 'talk@.service');
  });
});

test('a start is for its own unit, whatever EnvironmentFile= says', async () => {
  const [tenant, other] = ['tenants@a.service', 'tenants@b.service'];
  const lines = `Type=exec\nEnvironmentFile=-${FILES}/%i.env\nExecStart=/bin/sleep infinity\n`;
  await changeFiles(box, { '/etc/systemd/system/tenants@.service': `[Service]\n${lines}` });
  await box.succeed(['systemctl', 'start', tenant, other]);
  const slice = await properties(box, 'system-tenants.slice', 'InvocationID');
  await box.writeFile(`${FILES}/a.env`, `INVOCATION_ID=${slice.InvocationID}\nMAINPID=4194303\n`);
  await apply(box, `${POLICY}settle = "100ms"\n`, tenant);
  const filters = async (unit: string) =>
    /^Seccomp_filters:\t(\d+)$/m.exec(await box.readFile(`/proc/${await mainPid(box, unit)}/status`))?.[1];
  assert.deepEqual([await filters(tenant), await filters(other)], ['1', '0']);
  await revert(box, tenant);
  await box.succeed(['systemctl', 'stop', tenant, other]);
});

describe('a reload', () => {
  const lines = `${NOTIFY}\nExecReload=/bin/kill -HUP $MAINPID`;

  test('works as before, is refused calls if the policy says so, or becomes a restart', async () => {
    const unit = 'reload.service';
    await start(unit, lines);
    assert.deepEqual(await said(unit, 'nothing', 1), ['started 0']);
    await box.writeFile(policyPath(unit), `${POLICY}reload = true\n`);
    const taken = await sandboxUnit(box, 'apply', unit);
    assert.equal(taken.stdout, `${unit}: rolled-back\n`);
    assert.match(
      taken.stderr,
      /error\[refused-in-trial\].*\n {2}hint: a reload may need .* refused = "warn" in/,
    );
    assert.deepEqual(await said(unit, 'nothing', 3), ['started 0', 'reloaded 126', 'started 0']);
    await apply(box, `${POLICY}reload = true\n${TOLERANT}`, unit);
    assert.deepEqual(await said(unit, 'nothing', 2), ['started 0', 'reloaded 126']);
    await apply(box, '[ready]\ndeny = ["bind"]\nreload = true\n', unit);
    assert.deepEqual(await said(unit, 'nothing', 2), ['started 0', 'reloaded 0']);
    await apply(box, `${POLICY}reload = false\n`, unit);
    assert.deepEqual(await said(unit, 'nothing', 1), ['started 0']);
    await box.sh('journalctl --sync');
    const journal = await box.succeed(['journalctl', '--unit', unit, '--identifier=tighten']);
    assert.match(journal, /tighten: the filter is loaded into \d+ threads? of /);
    assert.doesNotMatch(journal, /: (?:paused|tightened) \d/);
    const first = await mainPid(box, unit);
    const { status, stderr } = await box.exec(['systemctl', 'reload', unit]);
    assert.notEqual(status, 0);
    assert.match(stderr, /not applicable/);
    assert.equal(await mainPid(box, unit), first);
    await box.succeed(['systemctl', 'reload-or-restart', unit]);
    assert.notEqual(await mainPid(box, unit), first);
    assert.deepEqual(await said(unit, 'ask', 2), ['started 0', 'asked 126']);
    await revert(box, unit);
  });
});

describe("the unit's own ExecStartPost= commands", () => {
  const unit = 'post.service';
  const asks = `/bin/bash -c 'echo >${FILES}/%n.ask; until grep -q asked ${FILES}/%n.out; do sleep 0.02; done'`;
  const fails = `/bin/sh -c 'test ! -e ${FILES}/fails'`;
  const LATER = `/etc/systemd/system/${unit}.d/zzz.conf`;

  test('run before the filter is loaded, or after', async () => {
    await start(unit, `${NOTIFY}\nExecStartPost=${asks}\nExecStartPost=${fails}`);
    assert.deepEqual(await said(unit, 'nothing', 2), ['started 0', 'asked 0']);
    await apply(box, POLICY, unit);
    assert.deepEqual(await said(unit, 'nothing', 2), ['started 0', 'asked 0']);
    assert.deepEqual(await said(unit, 'ask', 1), ['asked 126']);
    await apply(box, `${POLICY}start-post = "after"\n${TOLERANT}`, unit);
    assert.deepEqual(await said(unit, 'nothing', 2), ['started 0', 'asked 126']);
    await run(0, 'verify', unit);
  });

  test('make the start fail if one fails, and the next start works', async () => {
    await box.writeFile(`${FILES}/fails`, '');
    assert.notEqual((await box.exec(['systemctl', 'restart', unit])).status, 0);
    assert.equal((await properties(box, unit, 'ActiveState')).ActiveState, 'failed');
    await box.sh(`rm ${FILES}/fails ${FILES}/${unit}.out && systemctl start ${unit}`);
    assert.deepEqual(await said(unit, 'nothing', 2), ['started 0', 'asked 126']);
  });

  test('in a later drop-in replace the one of [ready], which is reported', async () => {
    await changeFiles(box, { [LATER]: '[Service]\nExecStartPost=\n' });
    for (const verb of ['status', 'verify', 'plan', 'apply']) {
      const { stdout, stderr } = await run(1, verb, unit);
      assert.match(stdout + stderr, /error\[overridden\]: this 'ExecStartPost=' overrides/, verb);
    }
    await changeFiles(box, { [LATER]: undefined });
    await revert(box, unit);
  });
});

test('verify reports a service that serves without the filter', async () => {
  const unit = 'without.service';
  await start(unit, DIRECT);
  await apply(box, SETTLING, unit);
  await box.writeFile(TIGHTEN, '#!/bin/sh\n', '0755');
  try {
    await box.succeed(['systemctl', 'restart', unit]);
    const { stdout, stderr } = await run(1, 'verify', unit);
    assert.match(stdout + stderr, /error\[looser\].*execve/);
  } finally {
    await box.writeFile(TIGHTEN, readFileSync(INJECTOR_HERE), '0755');
  }
  await revert(box, unit);
});

test('a service that [ready] refuses a call at its stop gets the next policy, without a report of that call', async () => {
  const unit = 'helped.service';
  const stops = '$SIG{TERM} = sub { system "/bin/true"; exit }; select undef, undef, undef, 9 while 1';
  await box.writeFile('/opt/programs/helped.pl', stops);
  await start(unit, 'Type=exec\nExecStart=/usr/bin/perl /opt/programs/helped.pl');
  await apply(box, POLICY, unit);
  await box.writeFile(policyPath(unit), `${POLICY}[service]\nPrivateTmp = true\n`);
  const { stdout, stderr } = await run(0, 'apply', unit);
  assert.doesNotMatch(stdout + stderr, /refused|execve/);
  await revert(box, unit);
});

test("a service fails to start if the filter can't be loaded, and the policy is rolled back", async () => {
  const unit = 'waiting.service';
  await start(unit, DIRECT);
  await box.writeFile(policyPath(unit), '[ready]\ndeny = ["read"]\n');
  const { status, stdout, stderr } = await sandboxUnit(box, 'apply', unit);
  assert.notEqual(status, 0, stdout + stderr);
  assert.match(stdout + stderr, /rolled-back/);
  assert.match(stdout + stderr, /error\[service-failed\]: .*ExecStartPost= \(tighten\): exit status 1\)/);
  assert.match(stdout + stderr, /waiting\.service\.toml:2:9: error\[thread-stuck\]: .* waits in read, /);
  assert.doesNotMatch(stdout + stderr, /finding|explain --record/);
  assert.equal((await properties(box, unit, 'ActiveState')).ActiveState, 'active');
  await box.succeed(['rm', `${FILES}/${unit}.out`]);
  await box.succeed(['systemctl', 'restart', unit]);
  assert.deepEqual(await said(unit, 'ask', 2), ['started 0', 'asked 0']);
});

test("a unit that counts a failed command of the start as success can't have [ready]", async () => {
  const unit = 'forgiving.service';
  await start(unit, `${DIRECT}\nSuccessExitStatus=1\nExecStartPost=/bin/false`);
  assert.equal((await properties(box, unit, 'ActiveState')).ActiveState, 'active');
  await box.writeFile(policyPath(unit), SETTLING);
  const { stdout, stderr } = await run(1, 'apply', unit);
  assert.match(stdout + stderr, /error\[gap-ready\].*SuccessExitStatus=1/);
});

test('a service that never becomes quiet gets its filter before its start times out', {
  skip: LONG || skip,
}, async () => {
  const unit = 'restless.service';
  await start(unit, `ExecStart=/bin/bash -c 'while :; do sleep 0.1; done'\nTimeoutStartSec=12`);
  await box.writeFile(policyPath(unit), '[ready]\ndeny = ["ptrace"]\nsettle = "2s"\n');
  await run(0, 'apply', unit);
  assert.equal((await properties(box, unit, 'ActiveState')).ActiveState, 'active');
  await revert(box, unit);
});

test('a learned policy removes what only the start was seen to need', {
  skip: LONG || skip,
}, async () => {
  const unit = 'learned.service';
  // As hosts have it.
  await box.succeed(['mount', '-o', 'remount,rw', '/sys']);
  const daemon = `setpriv --regid=65534 --clear-groups /bin/true; exec ${PROGRAM} %n`;
  await start(
    unit,
    `Type=notify
    NotifyAccess=all
    ExecStart=/bin/bash -c '${daemon}'
    ExecReload=/bin/sh -c '/bin/true; kill -HUP $MAINPID'
    ExecStop=/bin/sh -c '/bin/true; kill $MAINPID'`.replaceAll(/^ +/gm, ''),
  );
  const learned = async (...words: string[]) => {
    const asked = ['learn', ...words, '--ready', unit, '--write', policyPath(unit), '--json'];
    const { stdout } = await run(0, ...asked);
    const { ready } = JSON.parse(stdout) as { ready: string[] };
    await run(0, 'apply', unit);
    return ready;
  };
  const reload = () => box.exec(['systemctl', 'reload', unit]);
  const keeping = await learned('--restart', '--for', '3s');
  assert.deepEqual([keeping.includes('setgroups'), keeping.includes('execve')], [true, false]);
  await box.succeed(['rm', `${FILES}/${unit}.out`]);
  await box.succeed(['systemctl', 'restart', unit]);
  assert.deepEqual(await said(unit, 'ask', 2), ['started 0', 'asked 0']);
  assert.equal((await reload()).status, 0);
  assert.deepEqual(await said(unit, 'nothing', 1), ['reloaded 0']);
  // Commands of its stop have executed a program, and it itself only in its start and its reload.
  const without = await learned('--show', '--no-reload');
  assert.deepEqual([without.includes('setgroups'), without.includes('execve')], [true, true]);
  assert.deepEqual(await said(unit, 'ask', 2), ['started 0', 'asked 126']);
  assert.notEqual((await reload()).status, 0);
  await revert(box, unit);
});
