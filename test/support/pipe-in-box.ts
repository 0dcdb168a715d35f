/**
 * Run in a box, `node pipe-in-box.js SENDER COMMAND…`: starts a transient unit that has this process's standard input,
 * output and error, as `systemd-run --pipe` does, waits for its end, and ends with its exit status.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import dbus from 'dbus-next';
import { passDescriptors } from '../../src/system/descriptors.js';
import { unitObjectPath } from '../../src/unit/name.js';

const SERVICE = 'org.freedesktop.systemd1';

const [, program, sender, ...command] = process.argv;
if (program?.endsWith('pipe-in-box.js') && sender !== undefined) {
  const bus = dbus.sessionBus({ busAddress: 'unix:path=/run/dbus/system_bus_socket' });
  bus.on('error', (cause: Error) => {
    console.error(cause.message);
    process.exit(99);
  });
  passDescriptors(bus, sender);
  await new Promise((resolve) => bus.once('connect', resolve));
  const call = async (path: string, iface: string, member: string, signature: string, body: unknown[]) =>
    (await bus.call(
      new dbus.Message({ destination: SERVICE, path, interface: iface, member, signature, body }),
    ))!.body;
  const variant = (signature: string, value: unknown) => new dbus.Variant(signature, value);
  const unit = `pipe-${process.pid}.service`;
  const properties = [
    ['Type', variant('s', 'exec')],
    ['AddRef', variant('b', true)],
    ['CollectMode', variant('s', 'inactive-or-failed')],
    ['ExecStart', variant('a(sasb)', [[command[0], command, false]])],
    ...['Input', 'Output', 'Error'].map((name, fd) => [`Standard${name}FileDescriptor`, variant('h', fd)]),
  ];
  const start = [unit, 'fail', properties, []];
  await call(
    '/org/freedesktop/systemd1',
    `${SERVICE}.Manager`,
    'StartTransientUnit',
    'ssa(sv)a(sa(sv))',
    start,
  );
  const property = async (iface: string, name: string) => {
    const get = [`${SERVICE}.${iface}`, name];
    const answer = await call(unitObjectPath(unit), 'org.freedesktop.DBus.Properties', 'Get', 'ss', get);
    return answer[0].value;
  };
  const isOver = async () =>
    ['inactive', 'failed'].includes(await property('Unit', 'ActiveState')) &&
    (await property('Unit', 'Job'))[0] === 0;
  while (!(await isOver())) await sleep(5);
  process.exitCode = await property('Service', 'ExecMainStatus');
  bus.disconnect();
}
