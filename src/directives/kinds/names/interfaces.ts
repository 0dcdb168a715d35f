/** Names of network interfaces. */

import type { ValueKind } from '../../directive.js';
import { withoutSpecifiers } from '../../values/bus.js';
import { scalarKind } from '../../values/scalar.js';
import {
  joined,
  listed,
  refuseEmpty,
  signedKind,
  signedWords,
  writeSigned,
} from '../../values/signed-list.js';
import { oneText, reject } from '../../values/text.js';

/** The name of an interface, alternative names included (ifname_valid_full() of systemd). */
const isInterface = (text: string): boolean =>
  /^[!-~]{1,127}$/.test(text) && !/[:/%"'\\~]/.test(text) && !/^(\d+|\.{1,2}|all|default)$/.test(text);

/** Several, with `~` in front of the list: all but these. */
export const INTERFACES: ValueKind = signedKind({
  type: 'interfaces',
  signature: '(bas)',
  format: (reading, value) => {
    const expected = 'names of network interfaces';
    if (refuseEmpty(reading, value, 'write "" to lift the restriction')) return undefined;
    return signedWords(reading, value, expected, (word) =>
      isInterface(word) ? word : reject(reading, expected, word),
    );
  },
  // A list that has become empty restricts nothing.
  permitted: (_, values) => joined(values, 'all'),
  loaded: listed,
  write: writeSigned,
});

export const INTERFACE: ValueKind = scalarKind({
  type: 'interface',
  signature: 's',
  format: oneText('the name of a network interface', isInterface),
  expected: withoutSpecifiers,
});
