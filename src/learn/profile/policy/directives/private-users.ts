import { constantValue } from '../../../../seccomp/syscalls/constants.js';
import { runsAsRoot } from '../../../../systemd/directives/kinds/names/user.js';
import { type DirectiveVerdict, not, type ProfileFacts, proved } from './facts.js';

/** Calls that deal with other users than the service's own, or with privileges that a user namespace takes. */
const NEED_OTHERS: readonly string[] = (
  'setuid setreuid setresuid setfsuid setgid setregid setresgid setfsgid setgroups setuid32 setreuid32 ' +
  'setresuid32 setfsuid32 setgid32 setregid32 setresgid32 setfsgid32 setgroups32 chown fchown fchownat ' +
  'lchown chown32 fchown32 lchown32 capset unshare setns mount keyctl add_key request_key mq_open ' +
  'shmget semget msgget ipc io_uring_setup'
).split(' ');

/** Options by which a socket shows the user of its peer (unix(7)). */
const SHOW_USERS: readonly (readonly [call: string, option: string])[] = [
  ['getsockopt', 'SO_PEERCRED'],
  ['getsockopt', 'SO_PEERGROUPS'],
  ['setsockopt', 'SO_PASSCRED'],
];

/** The reason why the service may look at the users of its peers; other users than its own would all be one. */
function peersUsers(facts: ProfileFacts): string | undefined {
  for (const [call, option] of SHOW_USERS) {
    const options = facts.values(call, 2);
    if (!options) return 'not all socket options were recorded';
    if (options.includes(constantValue('x86-64', option)!))
      return `${option} was used, which shows other users`;
  }
  return undefined;
}

/**
 * In a user namespace of its own a service has no capability outside of it, and knows root and its own user alone: files
 * and peers of all others are of `nobody`. A service that starts as root is given no such namespace.
 */
export function privateUsers(facts: ProfileFacts): DirectiveVerdict | undefined {
  if (facts.scope === 'user' || runsAsRoot(facts)) return undefined;
  if (facts.last('AmbientCapabilities') !== '') return not('the unit has capabilities of its own');
  const granted = facts.profile.capabilities.find((one) => one.granted);
  if (granted) return not(`${granted.name} was used`);
  const call = facts.made(...NEED_OTHERS);
  if (call !== undefined) return not(`${call} was called`);
  const peers = peersUsers(facts);
  return peers === undefined
    ? proved(true, `No capability was used, and no call concerned another user in ${facts.time}.`)
    : not(peers);
}
