import { type Facts, isInside, not, proved, type Verdict } from './facts.js';

/** Directories that PrivateTmp= gives a service of its own. */
export const TEMPORARY = ['/tmp', '/var/tmp'];

/** Files that a service reads in a shared directory without having made them may be those of others. */
export function privateTmp(facts: Facts): Verdict {
  const [socket] = facts.socketsBelow(...TEMPORARY);
  if (socket) return not(`${socket.address} is a socket that others may use`);
  const inside = facts.below(...TEMPORARY).filter(({ path }) => !TEMPORARY.includes(path));
  const changed = facts.changedBelow(...TEMPORARY).map(({ path }) => path);
  const own = new Set(changed.filter((path) => !TEMPORARY.includes(path)));
  const foreign = inside.find(({ path }) => !own.has(path) && !isInside(path, own));
  if (foreign) return not(`${foreign.path} was used, and not written by the service`);
  return inside.length > 0
    ? proved(true, `All that was used below /tmp and /var/tmp was written by the service: ${facts.pathTime}.`)
    : proved(true, `Nothing below /tmp and /var/tmp was used: ${facts.pathTime}.`);
}

/** Whether the service has temporary directories of its own, by its unit or by the evidence. */
export const hasPrivateTmp = (facts: Facts): boolean =>
  ['PrivateTmp', 'DynamicUser'].some((name) => facts.isOn(name)) || 'value' in privateTmp(facts);
