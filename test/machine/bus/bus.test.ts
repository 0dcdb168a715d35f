/**
 * Tests of machine/bus/bus.ts, machine/bus/names.ts,
 * machine/bus/connection.ts and machine/bus/started-unit.ts: what a manager that leaves the bus and comes back does to those
 * who ask it; its part is played by this test.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext } from 'node:test';
import dbus, { type Message, type MessageBus, Variant } from 'dbus-next';
import { UserError } from '../../../src/diagnostic.js';
import { Bus } from '../../../src/machine/bus/bus.js';
import { Connection } from '../../../src/machine/bus/connection.js';
import { transientUnits } from '../../../src/machine/bus/started-unit.js';
import { machine } from '../../support/machine.js';
import { until } from '../../support/until.js';

const SERVICE = 'org.freedesktop.systemd1';
const JOB = '/org/freedesktop/systemd1/job/7';
const SOCKET = '/run/test-bus';

let address: string;
const { box, skip, test } = machine('bus', {
  launcher: false,
  prepare: async () => {
    const daemon = ['dbus-daemon', '--session', '--nofork', `--address=unix:path=${SOCKET}`];
    await box.succeed(['systemd-run', ...daemon]);
    // The socket is there before anybody listens to it.
    const list = ['busctl', `--address=unix:path=${SOCKET}`, 'list'];
    await box.waitFor('the bus', async () => (await box.exec(list)).status === 0);
    address = `unix:path=/proc/${box.pid}/root${SOCKET}`;
  },
});

type Answers = Readonly<
  Record<string, (message: Message) => [signature: string, body: unknown[]] | undefined>
>;

/** Somebody on the bus under the manager's name. Calls without an answer of their own succeed. */
class Manager {
  readonly calls: string[] = [];
  readonly bus: MessageBus;
  #hasLeft = false;

  constructor(t: TestContext) {
    this.bus = dbus.sessionBus({ busAddress: address });
    t.after(() => this.leave());
  }

  async arrive(answers: Answers = {}): Promise<this> {
    this.bus.addMethodHandler((message: Message) => {
      if (message.interface === 'org.freedesktop.DBus.Introspectable') return false;
      this.calls.push(message.member!);
      const answer = answers[message.member!] ?? (() => ['', []]);
      const reply = answer(message);
      if (reply && !this.#hasLeft) this.bus.send(dbus.Message.newMethodReturn(message, reply[0], reply[1]));
      return true;
    });
    await this.bus.requestName(SERVICE, 0);
    return this;
  }

  leave(): undefined {
    this.#hasLeft = true;
    this.bus.disconnect();
    return undefined;
  }

  endJob(result: string) {
    const [path, iface] = ['/org/freedesktop/systemd1', `${SERVICE}.Manager`];
    this.bus.send(dbus.Message.newSignal(path, iface, 'JobRemoved', 'uoss', [7, JOB, 'x.service', result]));
  }
}

const text = (value: string): [string, unknown[]] => ['v', [new Variant('s', value)]];
const OTHER_FACTS: Readonly<Record<string, Variant>> = {
  ControlGroup: new Variant('s', ''),
  UnitPath: new Variant('as', ['/x']),
  UserspaceTimestamp: new Variant('t', 1n),
};
const FACTS: Answers = {
  Get: ({ body }) => {
    const value = OTHER_FACTS[String(body[1])];
    return value ? ['v', [value]] : text('257');
  },
};
const jobs = (...paths: string[]): [string, unknown[]] => [
  'a(usssoo)',
  [paths.map((path) => [7, 'x.service', 'restart', 'running', path, '/'])],
];
const queuedWith = (...others: readonly unknown[]): Answers => ({
  EnqueueUnitJob: () => ['uososa(uosos)', [7, JOB, 'x.service', '/', 'restart', others]],
});
const QUEUED = queuedWith();

/** A manager on the bus, and a connection to it. */
async function connected(t: TestContext, answers: Answers): Promise<{ first: Manager; bus: Bus }> {
  const first = await new Manager(t).arrive(answers);
  const bus = await Bus.connect({ address, hint: '' });
  t.after(() => bus.close());
  return { first, bus };
}

/** A restart whose job is under way when the manager leaves. */
async function restarting(t: TestContext): Promise<{ end: Promise<string> }> {
  const { first, bus } = await connected(t, QUEUED);
  const end = bus.job('restart', 'x.service');
  await until('the job is queued', () => first.calls.includes('EnqueueUnitJob'), 5000, 5);
  first.leave();
  return { end };
}

test('a list of bus addresses is refused', async () => {
  const list = 'unix:x=y;unixexec:path=/bin/false';
  await assert.rejects(Bus.connect({ address: list, hint: '' }), (cause) => {
    assert.ok(cause instanceof UserError);
    assert.match(cause.message, /can't reach the bus at .*: this is not a bus address/);
    return true;
  });
});

test("a refusal by the bus is not reported as the manager's", async (t) => {
  const connection = await Connection.connect({ address, hint: '' });
  t.after(() => connection.close());
  await assert.rejects(connection.callBus('AddMatch', 'x'), /^UserError: the bus refused AddMatch: /);
});

describe('a call to a manager that leaves the bus', { skip }, () => {
  test('is repeated when another manager is there', async (t) => {
    const { first, bus } = await connected(t, { Get: () => first.leave() });
    const facts = bus.manager();
    await new Manager(t).arrive(FACTS);
    assert.deepEqual(await facts, {
      ...{ version: '257', architecture: '257', features: '257' },
      started: 1n,
      ...{ unitPath: ['/x'], controlGroup: '' },
    });
  });

  test('is repeated if the bus failed to start one', async (t) => {
    const { first, bus } = await connected(t, {});
    await first.bus.releaseName(SERVICE);
    const ping = { destination: SERVICE, path: '/', interface: 'org.freedesktop.DBus.Peer', member: 'Ping' };
    const comeBack = async () => {
      const type = 'org.freedesktop.DBus.Error.Spawn.ChildExited';
      await assert.rejects(first.bus.call(new dbus.Message(ping)), { type });
      await new Manager(t).arrive(FACTS);
    };
    const [{ version }] = await Promise.all([bus.manager(), comeBack()]);
    assert.equal(version, '257');
  });

  test('is not repeated if it changes something', async (t) => {
    const { first, bus } = await connected(t, { Reload: () => first.leave() });
    const reload = assert.rejects(bus.reload(), (cause) => {
      assert.ok(cause instanceof UserError);
      const [{ code, hint } = {}] = cause.diagnostics;
      assert.deepEqual([code, hint], ['manager-away', 'systemd may be reexecuting itself: try again']);
      return true;
    });
    const second = await new Manager(t).arrive();
    await reload;
    assert.deepEqual(second.calls, []);
  });

  for (const [active, result] of [
    ['active', 'done'],
    ['failed', 'failed'],
  ] as const) {
    test(`a job that ended meanwhile, with a unit that is ${active}, is ${result}`, async (t) => {
      const { end } = await restarting(t);
      const second = await new Manager(t).arrive({ ListJobs: () => jobs(), GetAll: () => stateOf(active) });
      assert.equal(await end, result);
      assert.deepEqual(second.calls, ['Subscribe', 'ListJobs', 'GetAll']);
    });
  }

  test('a job that the next manager still has is waited for', async (t) => {
    const { end } = await restarting(t);
    const second = await new Manager(t).arrive({ ListJobs: () => jobs('/other', JOB) });
    await until('its jobs are listed', () => second.calls.includes('ListJobs'), 5000, 5);
    second.endJob('timeout');
    assert.equal(await end, 'timeout');
    assert.deepEqual(second.calls, ['Subscribe', 'ListJobs']);
  });

  test('a second restart of the manager is noticed', async (t) => {
    const { first, bus } = await connected(t, { Subscribe: () => first.leave() });
    const end = bus.job('restart', 'x.service');
    const second = await new Manager(t).arrive(QUEUED);
    await until('the job is queued', () => second.calls.includes('EnqueueUnitJob'), 5000, 5);
    second.endJob('done');
    assert.equal(await end, 'done');
  });
});

test('a job reports the jobs of other units that it caused, before it ends', async (t) => {
  const { first, bus } = await connected(t, queuedWith([8, '/job/8', 'y.socket', '/', 'stop']));
  const end = bus.job('restart', 'x.service', {
    queued: async (others) => {
      assert.deepEqual(others, [{ unit: 'y.socket', type: 'stop' }]);
      first.endJob('done');
    },
  });
  assert.equal(await end, 'done');
});

/** Tells of properties of x.service. */
function tellChanged({ bus }: Manager, table: Readonly<Record<string, Variant>>) {
  const [path, iface] = ['/org/freedesktop/systemd1/unit/x_2eservice', 'org.freedesktop.DBus.Properties'];
  const body = [`${SERVICE}.Unit`, table, []];
  bus.send(dbus.Message.newSignal(path, iface, 'PropertiesChanged', 'sa{sv}as', body));
}

test('a unit counts as changed when the manager says so, or after its absence', async (t) => {
  const { first, bus } = await connected(t, {});
  const changed = () => bus.changed('x.service');
  assert.deepEqual([await changed(), await changed()], [true, false]);
  tellChanged(first, { ActiveState: new Variant('s', 'active') });
  await until('the change is heard', changed, 5000, 5);
  assert.equal(await changed(), false);
  first.leave();
  await new Manager(t).arrive({ ListJobs: () => jobs() });
  await until('a change is taken for granted', changed, 5000, 5);
  assert.equal(await changed(), false);
});

const INVOCATION = new Variant('ay', Buffer.from([1, 2]));

/** The properties of a unit that runs, some of them otherwise. */
const running = (other: Readonly<Record<string, Variant>> = {}): [string, unknown[]] => [
  'a{sv}',
  [
    {
      ...{ Id: new Variant('s', 'x.service'), LoadState: new Variant('s', 'loaded') },
      ...{ ActiveState: new Variant('s', 'active'), InvocationID: INVOCATION },
      ...other,
    },
  ],
];

const stateOf = (active: string) => running({ ActiveState: new Variant('s', active) });

const runningUnit: Answers = { StartTransientUnit: () => ['o', [JOB]], GetAll: () => running() };

describe('a transient unit', { skip }, () => {
  const passDescriptors = () => undefined;

  test('whose start job ended while the manager was away has a result', async (t) => {
    const { first, bus } = await connected(t, runningUnit);
    const started = await transientUnits({ connected: async () => bus, passDescriptors }, 'system').start(
      'x.service',
      [],
    );
    first.leave();
    const second = await new Manager(t).arrive({ ListJobs: () => jobs(), GetAll: () => stateOf('inactive') });
    await until('its jobs are listed', () => second.calls.includes('GetAll'), 5000, 5);
    assert.equal(await started.job(), 'done');
  });

  test('without a waiter causes no unhandled rejection when its connection closes', async (t) => {
    const unheard: unknown[] = [];
    const hear = (cause: unknown) => void unheard.push(cause);
    const own = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', hear);
    t.after(() => {
      process.removeListener('unhandledRejection', hear);
      for (const one of own) process.on('unhandledRejection', one);
    });
    const { bus } = await connected(t, runningUnit);
    await bus.startTransient({ unit: 'x.service', properties: [] }, () => undefined);
    bus.close();
    await bus.lost();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(unheard, []);
  });

  test('that ends during the request for its state is seen to end', async (t) => {
    const failed = new Variant('s', 'failed');
    const states = [new Variant('s', 'active')];
    const { first, bus } = await connected(t, {
      ...runningUnit,
      GetAll: () => {
        const state = states.shift() ?? failed;
        // It is told of before the answer, which is older.
        if (state !== failed) tellChanged(first, { ActiveState: failed });
        return running({ ActiveState: state });
      },
    });
    const started = await transientUnits({ connected: async () => bus, passDescriptors }, 'system').start(
      'x.service',
      [],
    );
    tellChanged(first, { InvocationID: INVOCATION, ActiveState: new Variant('s', 'inactive') });
    await started.underway();
    assert.equal((await started.end()).activeState, 'failed');
  });

  for (const [scope, log] of [
    ['system', 'journalctl --unit x.service'],
    ['user', 'journalctl --user --user-unit x.service'],
  ] as const) {
    test(`that is gone may have left its end in the journal of the ${scope}'s manager`, async (t) => {
      const missing = new Variant('s', 'not-found');
      const { first, bus } = await connected(t, {
        ...runningUnit,
        GetAll: () => running({ LoadState: missing }),
      });
      const manager = { connected: async () => bus, passDescriptors };
      const started = await transientUnits(manager, scope).start('x.service', []);
      tellChanged(first, { ActiveState: new Variant('s', 'inactive') });
      await assert.rejects(started.end(), (cause) => {
        assert.ok(cause instanceof UserError);
        assert.equal(cause.diagnostics[0]?.hint, `'${log}' may show how`);
        return true;
      });
    });
  }
});
