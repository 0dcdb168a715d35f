/** What the manager of a box says of units, over the box's system bus. */
import dbus, { Variant } from 'dbus-next';
import { inBatches } from '../../src/collections.js';
import { unitObjectPath } from '../../src/systemd/unit/name.js';
import type { Box } from './box.js';

/** A property of a unit; the interface by its last word: `Service`. */
export type Asked = readonly [unit: string, face: string, property: string];

/** Fewer than a bus lets one of its users wait for at a time. */
const AT_ONCE = 64;

/** The values of properties, in the order asked for, as busctl(1) has them in JSON. */
export async function unitValues(box: Box, asked: readonly Asked[]): Promise<unknown[]> {
  const address = `unix:path=/proc/${box.pid}/root/run/dbus/system_bus_socket`;
  const bus = dbus.sessionBus({ busAddress: address });
  const get = async ([unit, face, property]: Asked) => {
    const answer = await bus.call(
      new dbus.Message({
        destination: 'org.freedesktop.systemd1',
        path: unitObjectPath(unit),
        interface: 'org.freedesktop.DBus.Properties',
        member: 'Get',
        signature: 'ss',
        body: [`org.freedesktop.systemd1.${face}`, property],
      }),
    );
    return plain((answer!.body[0] as Variant).value);
  };
  try {
    return await inBatches(asked, AT_ONCE, get);
  } finally {
    bus.disconnect();
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Buffer.isBuffer(value)) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Variant) return { type: value.signature, data: plain(value.value) };
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}
