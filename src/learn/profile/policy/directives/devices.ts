/** Directives that close devices. */

import type { RecordedPath } from '../../../../observe/recording/recording.js';
import {
  type DirectiveCheck,
  type DirectiveVerdict,
  needed,
  not,
  type ProfileFacts,
  proved,
} from './facts.js';

/** Devices that PrivateDevices= leaves (systemd.exec(5)), by type and number. */
const LEFT_DEVICES: ReadonlySet<string> = new Set([
  ...[3, 5, 7, 8, 9].map((minor) => `char 1:${minor}`),
  ...['char 5:0', 'char 5:2'],
]);
const PSEUDO_TERMINAL = /^char 136:/;

/** Uses of devices besides those that PrivateDevices= leaves. */
const otherDevices = (facts: ProfileFacts): RecordedPath[] =>
  facts.below('/').filter(({ device, use }) => {
    const isOther = device !== undefined && !LEFT_DEVICES.has(device) && !PSEUDO_TERMINAL.test(device);
    return isOther && use !== 'stat';
  });

/** The type of a file in a mode, and those of devices (inode(7)). */
const [TYPE, CHARACTER, BLOCK] = [0o170000n, 0o020000n, 0o060000n];

/** The reason why device nodes may have been made, where no capability shows it. */
function deviceNode(facts: ProfileFacts): string | undefined {
  const modes = [facts.values('mknod', 1), facts.values('mknodat', 2)];
  if (modes.includes(undefined)) return 'not all modes of mknod were recorded';
  const isDevice = (mode: bigint) => [CHARACTER, BLOCK].includes(mode & TYPE);
  return modes.some((values) => values!.some(isDevice)) ? 'a device node was created' : undefined;
}

function privateDevices(facts: ProfileFacts): DirectiveVerdict {
  const [opened] = otherDevices(facts);
  if (opened) return not(`${opened.path} (${opened.device}) was opened`);
  const need = needed(facts, {
    calls: ['ioperm', 'iopl', 'pciconfig_iobase', 'pciconfig_read', 'pciconfig_write'],
    capabilities: ['CAP_MKNOD', 'CAP_SYS_RAWIO'],
    also: deviceNode,
  });
  if (need !== undefined) return not(need);
  const [made] = facts.changedBelow('/dev').filter(({ path, device }) => {
    return device === undefined && !/^\/dev\/(?:shm|mqueue|pts|hugepages)(?:\/|$)/.test(path);
  });
  return made
    ? not(`${made.path} was changed`)
    : proved(true, `No device but null, zero, random and terminals was opened in ${facts.time}.`);
}

const MOST_DEVICES = 8;

/** A node as DeviceAllow= takes it: no space, and no specifier. */
const NODE = /^\/dev\/[^\s%\p{C}"'\\]+$/u;

/**
 * Devices with the accesses that were seen, `/dev/net/tun rw`, where the unit can't have a /dev of its own; a text with
 * the reason where they can't be listed.
 */
export function listedDevices(facts: ProfileFacts): readonly string[] | string {
  const opened = otherDevices(facts);
  const strange = opened.find(({ path }) => !NODE.test(path));
  if (strange) return `${strange.path} is a device outside /dev`;
  const made = deviceNode(facts);
  if (made !== undefined) return made;
  const nodes = [...new Set(opened.map(({ path }) => path))].sort();
  const access = (node: string): string => {
    const uses = opened.filter(({ path }) => path === node).map(({ use }) => use);
    return `${uses.includes('write') ? 'rw' : 'r'}`;
  };
  return nodes.length > MOST_DEVICES
    ? 'too many devices were opened to list them'
    : nodes.map((node) => `${node} ${access(node)}`);
}

function devicePolicy(facts: ProfileFacts): DirectiveVerdict | undefined {
  const devices = listedDevices(facts);
  if (devices.length === 0) return undefined;
  return typeof devices === 'string'
    ? not(devices)
    : proved('closed', `No other device was opened in ${facts.time}.`);
}

function deviceAllow(facts: ProfileFacts): DirectiveVerdict | undefined {
  const devices = listedDevices(facts);
  return typeof devices === 'string' || devices.length === 0
    ? undefined
    : proved(devices, 'The devices that were opened, besides null, zero, random and terminals.');
}

export const DEVICES: readonly DirectiveCheck[] = [
  { name: 'PrivateDevices', wanted: true, by: ['calls', 'paths'], waits: true, check: privateDevices },
  { name: 'DevicePolicy', wanted: 'closed', by: ['calls', 'paths'], waits: true, check: devicePolicy },
  { name: 'DeviceAllow', wanted: 'the devices', by: ['calls', 'paths'], waits: true, check: deviceAllow },
];
