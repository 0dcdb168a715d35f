/** Names of network interfaces. */

import type { ValueKind } from '../../directive.js';
import { withoutSpecifiers } from '../../values/bus.js';
import { scalarKind } from '../../values/scalar.js';
import { joined, signedKind } from '../../values/signed-list.js';
import { oneText } from '../../values/text.js';

/** The name of an interface, alternative names included (ifname_valid_full() of systemd). */
const isInterface = (text: string): boolean =>
  /^[!-~]{1,127}$/.test(text) && !/[:/%"'\\~]/.test(text) && !/^(\d+|\.{1,2}|all|default)$/.test(text);

/** Several, with `~` in front of the list: all but these. */
export const INTERFACES: ValueKind = signedKind({
  type: 'interfaces',
  signature: '(bas)',
  expected: 'names of network interfaces',
  ifEmpty: 'write "" to lift the restriction',
  isGood: isInterface,
  // A list that has become empty restricts nothing.
  permitted: (_, values) => joined(values, 'all'),
});

export const INTERFACE: ValueKind = scalarKind({
  type: 'interface',
  signature: 's',
  format: oneText('the name of a network interface', isInterface),
  expected: withoutSpecifiers,
});
