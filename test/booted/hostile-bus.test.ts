/** Buses and managers that end, hang or lie: the command's report, and that it changes nothing. */
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { after, describe } from 'node:test';
import dbus, { type Message, type MessageBus, Variant } from 'dbus-next';
import { unitObjectPath } from '../../src/systemd/unit/name.js';
import { runCommand } from '../support/command-in-box.js';
import { UNIT } from '../support/demo-service.js';
import { assertReadable, assertRefused, listing } from '../support/hostile.js';
import { outside } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import type { RunResult } from '../support/run.js';
import { COMMAND, policyPath, properties } from '../support/service.js';

const SYSTEM_BUS = '/run/dbus/system_bus_socket';
const LIAR = '/run/liar';

const servers: Server[] = [];
/** A run with a bus that says nothing: it takes its time, and the other tests are run meanwhile. */
let silent: Promise<RunResult>;
const { box, test, skip } = machine('hostile-bus', {
  files: {
    [UNIT]: '[Service]\nType=exec\nExecStart=/usr/bin/tail -f /dev/null\n',
    [policyPath(UNIT)]: '[syscalls]\ndeny = ["execve", "execveat"]\n[apply]\nsettle = "200ms"\n',
  },
  start: [UNIT],
  prepare: async () => {
    await box.succeed(['systemd-run', 'dbus-daemon', '--session', '--nofork', `--address=unix:path=${LIAR}`]);
    await box.waitFor('the bus', () => existsSync(outside(box, LIAR)));
    await becomeManager();
    const address = await listen('silent', () => undefined);
    silent = box.exec([...COMMAND, 'plan', UNIT], { env: { DBUS_SYSTEM_BUS_ADDRESS: address } });
    silent.catch(() => undefined);
  },
});

after(async () => {
  for (const server of servers) server.close();
  manager?.disconnect();
});

/** Runs the command with a bus. */
const onBus = (address: string, ...words: string[]): Promise<RunResult> =>
  runCommand(box, words, { env: { DBUS_SYSTEM_BUS_ADDRESS: address } });

/** Listens in the box, at this name below /run. */
async function listen(name: string, serve: (socket: Socket) => void): Promise<string> {
  const path = `/run/${name}`;
  rmSync(outside(box, path), { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    serve(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(outside(box, path), resolve));
  server.unref();
  return `unix:path=${path}`;
}

/** Authenticates whoever comes, and then does something with the first call, which is Hello. */
const afterLogin = (answer: (socket: Socket) => void) => (socket: Socket) => {
  let seen = '';
  socket.on('data', (chunk) => {
    const was = seen;
    seen += chunk.toString('latin1');
    if (!was.includes('AUTH') && seen.includes('AUTH')) socket.write(`OK ${'0'.repeat(32)}\r\n`);
    if (!was.includes('Hello') && seen.includes('Hello')) answer(socket);
  });
};

/** A message with this head, as it is on the bus: length of the body, serial, length of the fields. */
function head(kind: number, body: number, fields: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.write('l', 0);
  bytes[1] = kind;
  bytes[3] = 1;
  bytes.writeUInt32LE(body, 4);
  bytes.writeUInt32LE(1, 8);
  bytes.writeUInt32LE(fields, 12);
  return bytes;
}

/** The answer to Hello where there are too many connections: an error, byte by byte. */
function refusal(): Buffer {
  const name = 'org.freedesktop.DBus.Error.LimitsExceeded';
  const reason = 'too many\n\u001b[2J';
  const text = (value: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(value.length);
    return Buffer.concat([length, Buffer.from(`${value}\0`)]);
  };
  const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 7)]);
  const fields = Buffer.concat([
    padded(Buffer.concat([Buffer.from([4, 1, 0x73, 0]), text(name)])),
    // The serial that is answered, then the body's signature: one text.
    Buffer.from([5, 1, 0x75, 0, 1, 0, 0, 0]),
    Buffer.from([8, 1, 0x67, 0, 1, 0x73, 0]),
  ]);
  const body = text(reason);
  return Buffer.concat([head(3, body.length, fields.length), padded(fields), body]);
}

/** Servers that are no bus. */
const NO_BUS: readonly [what: string, serve: (socket: Socket) => void][] = [
  ['ends at once', (socket) => socket.destroy()],
  ['refuses every way to authenticate', (socket) => socket.on('data', () => socket.write('REJECTED\r\n'))],
  ['answers nonsense', (socket) => socket.on('data', () => socket.write('\u001b[2J\r\n'.repeat(1000)))],
  ['ends after the login', afterLogin((socket) => socket.destroy())],
  ['refuses more connections', afterLogin((socket) => socket.write(refusal()))],
  ['sends noughts', afterLogin((socket) => socket.write(Buffer.alloc(1 << 16)))],
  ['sends what is no message', afterLogin((socket) => socket.write(Buffer.alloc(1 << 16, 'x')))],
  ['sends a message of four gigabytes', afterLogin((socket) => socket.write(head(2, 0xffffffff, 8)))],
  ['sends a message without fields', afterLogin((socket) => socket.write(head(2, 0, 0)))],
  ['sends fields that end too early', afterLogin((socket) => socket.end(head(2, 8, 64)))],
];

// A verb that takes no lock: the runs wait for answers side by side.
describe('a bus that fails', { skip, concurrency: NO_BUS.length }, () => {
  for (const [i, [what, serve]] of NO_BUS.entries()) {
    test(`${what}: the command reports that it has no bus`, async () => {
      const address = await listen(`no-bus-${i}`, serve);
      assertRefused(await onBus(address, 'plan', UNIT), 'no-bus', what);
    });
  }
});

/** What the command sends before the bus is cut off, the nth time, and the code. */
const CUTS: readonly [member: string, nth: number, code: string][] = [
  ['Version', 1, 'bus-failed'],
  ['GetAll', 1, 'bus-failed'],
  ['Reload', 1, 'bus-failed'],
  ['GetAll', 3, 'bus-failed'],
  ['EnqueueUnitJob', 1, 'bus-failed'],
];

/** A bus that ends when something is asked of it, for those who ask; it is there again for who comes later. */
function cutAt(member: string, nth: number) {
  let left = nth;
  return (socket: Socket) => {
    const real = createConnection(outside(box, SYSTEM_BUS));
    real.on('error', () => socket.destroy());
    real.on('close', () => socket.destroy());
    socket.on('close', () => real.destroy());
    real.on('data', (chunk) => socket.write(chunk));
    socket.on('data', (chunk) => {
      left -= chunk.toString('latin1').split(`\0${member}\0`).length - 1;
      if (left > 0 || left === Number.NEGATIVE_INFINITY) return real.write(chunk);
      left = Number.NEGATIVE_INFINITY;
      return socket.destroy();
    });
  };
}

describe('a bus that ends during a call', { skip }, () => {
  for (const [i, [member, nth, code]] of CUTS.entries()) {
    test(`${member}, time ${nth}, leaves everything as before`, async () => {
      const were = await listing(box);
      const address = await listen(`cut-${i}`, cutAt(member, nth));
      const result = await onBus(address, 'apply', UNIT);
      assertRefused(result, code, `${member} ${nth}`);
      assert.deepEqual((await listing(box)).split('\n'), were.split('\n'));
      const { ActiveState, NeedDaemonReload, DropInPaths } = await properties(
        box,
        UNIT,
        ...(['ActiveState', 'NeedDaemonReload', 'DropInPaths'] as const),
      );
      assert.deepEqual([ActiveState, NeedDaemonReload, DropInPaths], ['active', 'no', '']);
    });
  }
});

type Table = Record<string, Variant>;

/** What the liar says of units, by object path, besides what is true of the demo. */
const lies = new Map<string, Lie>();
let manager: MessageBus | undefined;

interface Lie {
  /** Properties in the place of the true ones; undefined leaves one out. */
  readonly values?: Readonly<Record<string, Variant | undefined>>;
  /** An answer in the place of the properties. */
  readonly answer?: readonly [signature: string, body: unknown[]];
}

/** Takes the manager's name on the bus of its own, and says of every unit what is true of the demo but for the lies. */
async function becomeManager(): Promise<void> {
  const real = dbus.sessionBus({ busAddress: `unix:path=${outside(box, SYSTEM_BUS)}` });
  const destination = 'org.freedesktop.systemd1';
  const ask = async (path: string, member: string, signature: string, body: string[]) => {
    const face = 'org.freedesktop.DBus.Properties';
    const message = new dbus.Message({ destination, path, interface: face, member, signature, body });
    return (await real.call(message))!.body[0];
  };
  manager = dbus.sessionBus({ busAddress: `unix:path=${outside(box, LIAR)}` });
  const truth: Table = await ask(unitObjectPath(UNIT), 'GetAll', 's', ['']);
  const facts = new Map<string, Variant>();
  const names = ['Version', 'Architecture', 'Features', 'UserspaceTimestamp', 'UnitPath', 'ControlGroup'];
  for (const name of names) {
    facts.set(name, await ask('/org/freedesktop/systemd1', 'Get', 'ss', [`${destination}.Manager`, name]));
  }
  real.disconnect();
  const bus = manager;
  // Its types have the message of the call as a text.
  const newError = dbus.Message.newError as unknown as (...args: unknown[]) => Message;
  bus.addMethodHandler((message: Message) => {
    const { values = {}, answer } = lies.get(message.path!) ?? {};
    const [, name] = message.body as [string, string];
    if (message.member === 'GetAll' && answer) {
      bus.send(dbus.Message.newMethodReturn(message, answer[0], answer[1]));
    } else if (message.member === 'GetAll') {
      const all = Object.entries({ ...truth, ...values }).filter(([, value]) => value !== undefined);
      bus.send(dbus.Message.newMethodReturn(message, 'a{sv}', [Object.fromEntries(all)]));
    } else if (message.member === 'Get') {
      bus.send(dbus.Message.newMethodReturn(message, 'v', [facts.get(name)]));
    } else {
      bus.send(newError(message, 'org.freedesktop.DBus.Error.Failed', 'no\n\u001b[2J'));
    }
    return true;
  });
  await bus.requestName(destination, 0);
}

const values = (table: Lie['values']): Lie => ({ values: table! });
const text = (value: string) => new Variant('s', value);
const paths = (...list: string[]) => new Variant('as', list);

/** Lies, and the code of what comes of them. */
const LIES: readonly [what: string, lie: Lie, code: string][] = [
  ['no properties', { answer: ['', []] }, 'manager-answer'],
  ['a text for properties', { answer: ['s', ['x']] }, 'manager-answer'],
  ['numbers for properties', { answer: ['au', [[1, 2]]] }, 'manager-answer'],
  ['two answers in one', { answer: ['a{sv}s', [{}, 'x']] }, 'manager-answer'],
  ['a name that leads up', values({ Id: text('../../../srv/x.service') }), 'invalid-unit-name'],
  ['a name of two lines', values({ Id: text('a\nb.service') }), 'invalid-unit-name'],
  ['a name of another kind', values({ Id: text('demo.socket') }), 'not-a-service'],
  ['a number for its name', values({ Id: new Variant('u', 1) }), 'manager-answer'],
  ['no name', values({ Id: undefined }), 'manager-answer'],
  ['a number for its file', values({ FragmentPath: new Variant('t', 1n) }), 'manager-answer'],
  ['a device for its file', values({ FragmentPath: text('/dev/zero') }), 'bad-file'],
  ['a file of two lines that is not there', values({ FragmentPath: text('/a\n\u001b[2J') }), 'unit-changed'],
  ['a folder for its file', values({ FragmentPath: text('/etc/../etc') }), 'bad-file'],
  ['a path of a megabyte', values({ FragmentPath: text(`/${'x'.repeat(1 << 20)}`) }), 'unreadable'],
  ['the memory of the command for its file', values({ FragmentPath: text('/proc/self/mem') }), 'unreadable'],
  ['a text for drop-ins', values({ DropInPaths: text('/a.conf') }), 'manager-answer'],
  ['numbers for drop-ins', values({ DropInPaths: new Variant('au', [1]) }), 'manager-answer'],
  ['a drop-in that leads up to a folder', values({ DropInPaths: paths('/etc/../etc') }), 'bad-file'],
  ['no drop-ins at all', values({ DropInPaths: undefined }), 'manager-answer'],
  ['no state', values({ LoadState: undefined }), 'manager-answer'],
  ['an unheard-of reload', values({ NeedDaemonReload: text('\u001b[2J') }), 'manager-answer'],
  ['a text for its invocation', values({ InvocationID: text('x') }), 'manager-answer'],
  ['a filter of another shape', values({ SystemCallFilter: new Variant('as', ['x']) }), 'manager-answer'],
  ['a text for its process', values({ MainPID: text('1') }), 'manager-answer'],
  ['an empty name', values({ Id: text('') }), 'invalid-unit-name'],
];

/** Commands that only look. */
const LOOKING = ['status', 'plan', 'generate', 'verify', 'explain'];

describe("a manager's false answer about a unit", { skip }, () => {
  for (const [i, [what, lie, code]] of LIES.entries()) {
    test(`${what} is not believed`, async () => {
      const unit = `lie-${i}.service`;
      lies.set(unitObjectPath(unit), lie);
      const were = await listing(box);
      const words = ['--policy', policyPath(UNIT)];
      assertRefused(await onBus(`unix:path=${LIAR}`, 'apply', unit, ...words), code, 'apply');
      assertReadable(await onBus(`unix:path=${LIAR}`, LOOKING[i % LOOKING.length]!, unit), 'looking');
      assertReadable(await onBus(`unix:path=${LIAR}`, 'revert', unit), 'revert');
      assert.deepEqual((await listing(box)).split('\n'), were.split('\n'));
    });
  }
});

test('a manager that refuses every call is reported as such', async () => {
  const were = await listing(box);
  const bus = `unix:path=${LIAR}`;
  assertRefused(await onBus(bus, 'apply', UNIT), 'manager-refused', 'apply');
  assertRefused(await onBus(bus, 'run', '--wait', '--deny', 'uname', 'true'), 'manager-refused', 'run');
  // The drop-in may be loaded, for all that is known: what it needs stays until a manager has read that it is gone.
  assert.doesNotMatch(await listing(box), /zz-sandbox-unit\.conf/);
  assert.equal((await onBus(`unix:path=${SYSTEM_BUS}`, 'revert', UNIT)).status, 0);
  assert.deepEqual((await listing(box)).split('\n'), were.split('\n'));
});

test('a bus that never answers is an error, and the command ends', async () => {
  assertRefused(await silent, 'no-bus', 'plan');
});
