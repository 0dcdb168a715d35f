/**
 * Run in a box, `node start-in-box.js pipe|pty PROGRAM [NAME:SIGNATURE=VALUE]… COMMAND…`: starts a transient unit with
 * this process's standard input, output and error, or with its terminal, as systemd-run does, waits for its end, and
 * ends with its exit status. PROGRAM is send-descriptors or pty-relay.
 */
import { Host } from '../../src/system/host.js';
import { openPseudoTerminal, type PseudoTerminal } from '../../src/system/pseudo-terminal.js';
import { transientUnits } from '../../src/system/started-unit.js';
import type { UnitProperty } from '../../src/unit/unit-property.js';

const property = (name: string, signature: string, value: unknown): UnitProperty => ({
  name,
  signature,
  value,
});

const ofAllThree = (suffix: string, signature: string, value: (fd: number) => unknown) =>
  ['Input', 'Output', 'Error'].map((name, fd) => property(`Standard${name}${suffix}`, signature, value(fd)));

const DESCRIPTORS = ofAllThree('FileDescriptor', 'h', (fd) => fd);

/** Without TERM= the manager would ask the terminal what it is, from systemd 258 on. */
const terminalOf = ({ path }: PseudoTerminal): UnitProperty[] => [
  ...ofAllThree('', 's', () => 'tty'),
  property('TTYPath', 's', path),
  property('Environment', 'as', [`TERM=${process.env.TERM}`]),
];

function parse(word: string): UnitProperty {
  const [, name, signature, value] = /^(\w+):(\w)=(.*)$/.exec(word)!;
  return property(name!, signature!, signature === 'b' ? value === 'yes' : value);
}

const [, script, how, program, ...words] = process.argv;
if (script?.endsWith('start-in-box.js') && program !== undefined) {
  const host = new Host({ address: 'unix:path=/run/dbus/system_bus_socket', hint: '' });
  const terminal = how === 'pty' ? await openPseudoTerminal(program) : undefined;
  if (!terminal) host.passDescriptors(program);
  const count = words.findIndex((word) => !word.includes(':'));
  const command = words.slice(count);
  const started = await transientUnits(host).start(`start-${process.pid}.service`, [
    property('Type', 's', 'exec'),
    property('CollectMode', 's', 'inactive-or-failed'),
    property('ExecStart', 'a(sasb)', [[command[0], command, false]]),
    ...(terminal ? terminalOf(terminal) : DESCRIPTORS),
    ...words.slice(0, count).map(parse),
  ]);
  terminal?.begin();
  const end = await started.end();
  terminal?.finish();
  const relay = await terminal?.ended;
  if (relay && relay.how !== 'delivered') console.error(relay);
  process.exitCode = Number(end.get('ExecMainStatus'));
  await host.close();
}
