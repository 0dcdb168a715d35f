import { wordsOf } from '../../../unit/values.js';
import type { ValueKind } from '../../directive.js';
import { listKind } from '../../values/list.js';
import { joinWords, reject } from '../../values/text.js';

const NAME = /^[A-Za-z][A-Za-z0-9_./]{0,30}$/;

const SOURCES = { cgroup: 3, user: 4, group: 5 } as Readonly<Record<string, number>>;
/** NFPROTO_* of linux/netfilter.h. */
const FAMILIES = { inet: 1, ip: 2, arp: 3, netdev: 5, bridge: 7, ip6: 10 } as Readonly<
  Record<string, number>
>;

/** `cgroup|user|group:FAMILY:TABLE:SET`. */
export const NFT_SETS: ValueKind = listKind({
  type: 'nft-sets',
  signature: 'a(iiss)',
  format: (reading, value) => {
    const expected = 'cgroup, user or group:FAMILY:TABLE:SET';
    return joinWords(reading, value, expected, (word) => {
      const [source = '', family = '', table = '', set = '', ...more] = word.split(':');
      const good = Object.hasOwn(SOURCES, source) && Object.hasOwn(FAMILIES, family);
      const named = NAME.test(table) && NAME.test(set) && more.length === 0;
      return good && named ? word : reject(reading, expected, word);
    });
  },
  elements: (text) =>
    wordsOf(text).map((word) => {
      const [source, family, table, set] = word.split(':') as [string, string, string, string];
      return [SOURCES[source], FAMILIES[family], table, set];
    }),
});
