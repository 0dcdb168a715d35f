/**
 * Run in a box, `node start-in-box.js pipe|pty PROGRAM [NAME:SIGNATURE=VALUE]… COMMAND…`: starts a transient unit with
 * this process's standard input, output and error, or with its terminal, as systemd-run does, waits for its end, and
 * ends with its exit status. PROGRAM is send-descriptors or pty-relay.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import dbus from 'dbus-next';
import { passDescriptors } from '../../src/system/descriptors.js';
import { openPseudoTerminal, type PseudoTerminal } from '../../src/system/pseudo-terminal.js';
import { unitObjectPath } from '../../src/unit/name.js';

const SERVICE = 'org.freedesktop.systemd1';
type Property = [string, unknown];

const variant = (signature: string, value: unknown) => new dbus.Variant(signature, value);

const DESCRIPTORS: Property[] = ['Input', 'Output', 'Error'].map((name, fd) => [
  `Standard${name}FileDescriptor`,
  variant('h', fd),
]);

const terminalOf = ({ path }: PseudoTerminal): Property[] => [
  ...['Input', 'Output', 'Error'].map((name): Property => [`Standard${name}`, variant('s', 'tty')]),
  ['TTYPath', variant('s', path)],
  ['Environment', variant('as', [`TERM=${process.env.TERM}`])],
];

function parse(word: string): Property {
  const [, name, signature, value] = /^(\w+):(\w)=(.*)$/.exec(word)!;
  return [name!, variant(signature!, signature === 'b' ? value === 'yes' : value)];
}

async function call(bus: dbus.MessageBus, path: string, iface: string, member: string, ...body: unknown[]) {
  const signature = member === 'StartTransientUnit' ? 'ssa(sv)a(sa(sv))' : 's'.repeat(body.length);
  const message = { destination: SERVICE, path, interface: iface, member, signature, body };
  return (await bus.call(new dbus.Message(message)))!.body;
}

/** Starts a unit and waits for its end. @returns its exit status */
async function start(bus: dbus.MessageBus, properties: Property[], begin?: () => void): Promise<number> {
  const unit = `start-${process.pid}.service`;
  await call(
    bus,
    '/org/freedesktop/systemd1',
    `${SERVICE}.Manager`,
    'StartTransientUnit',
    unit,
    'fail',
    properties,
    [],
  );
  begin?.();
  const property = async (iface: string, name: string) => {
    const get = [`${SERVICE}.${iface}`, name];
    return (await call(bus, unitObjectPath(unit), 'org.freedesktop.DBus.Properties', 'Get', ...get))[0].value;
  };
  const isOver = async () =>
    ['inactive', 'failed'].includes(await property('Unit', 'ActiveState')) &&
    (await property('Unit', 'Job'))[0] === 0;
  while (!(await isOver())) await sleep(5);
  return property('Service', 'ExecMainStatus');
}

const [, script, how, program, ...words] = process.argv;
if (script?.endsWith('start-in-box.js') && program !== undefined) {
  const bus = dbus.sessionBus({ busAddress: 'unix:path=/run/dbus/system_bus_socket' });
  bus.on('error', (cause: Error) => {
    console.error(cause.message);
    process.exit(99);
  });
  const terminal = how === 'pty' ? await openPseudoTerminal(program) : undefined;
  if (!terminal) passDescriptors(bus, program);
  await new Promise((resolve) => bus.once('connect', resolve));
  const count = words.findIndex((word) => !word.includes(':'));
  const command = words.slice(count);
  const status = await start(
    bus,
    [
      ['Type', variant('s', 'exec')],
      ['AddRef', variant('b', true)],
      ['CollectMode', variant('s', 'inactive-or-failed')],
      ['ExecStart', variant('a(sasb)', [[command[0], command, false]])],
      ...(terminal ? terminalOf(terminal) : DESCRIPTORS),
      ...words.slice(0, count).map(parse),
    ],
    terminal?.begin,
  );
  terminal?.finish();
  const end = await terminal?.ended;
  if (end && end.how !== 'delivered') console.error(end);
  process.exitCode = status;
  bus.disconnect();
}
