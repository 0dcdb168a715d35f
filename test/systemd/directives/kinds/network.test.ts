/** Tests of all of systemd/directives/kinds/network/: addresses, ports and BPF programs. */
import { describe } from 'node:test';
import { BAD } from '../../../support/bad-values.js';
import { loosensBy, readBack, refuses, writes } from '../../../support/directive-cases.js';

describe('network', () => {
  refuses(BAD.network);

  loosensBy('exceptions count only where the unit denies', [
    [[], 'IPAddressAllow', ['any'], undefined],
    [['IPAddressDeny=any'], 'IPAddressAllow', ['localhost'], "the unit's 'IPAddressDeny' denies 'localhost'"],
    [['IPAddressDeny=any', 'IPAddressAllow=127.0.0.0/8'], 'IPAddressAllow', ['127.0.0.1'], undefined],
    [
      ['IPAddressDeny=any', 'IPAddressAllow=10.0.0.0/9'],
      'IPAddressAllow',
      ['10.127.0.0/16', '10.128.0.0/16'],
      "the unit's 'IPAddressDeny' denies '10.128.0.0/16'",
    ],
    [
      ['IPAddressDeny=any', 'IPAddressAllow=10.0.0.0/8'],
      'IPAddressAllow',
      ['10.0.0.0/7'],
      "the unit's 'IPAddressDeny' denies '10.0.0.0/7'",
    ],
    [['IPAddressDeny=any'], 'IPAddressDeny', '', "it removes the unit's own entries"],
    [['SocketBindDeny=any'], 'SocketBindAllow', [443], "the unit's 'SocketBindDeny' denies '443'"],
    [['SocketBindDeny=any', 'SocketBindAllow=1-1023'], 'SocketBindAllow', ['tcp:443'], undefined],
    [
      ['SocketBindDeny=any', 'SocketBindAllow=tcp:1-1023'],
      'SocketBindAllow',
      ['443'],
      "the unit's 'SocketBindDeny' denies '443'",
    ],
    [
      ['BPFDelegateMaps=BPFMapTypeHash'],
      'BPFDelegateMaps',
      ['BPFMapTypeArray'],
      "the unit doesn't delegate 'BPFMapTypeArray'",
    ],
    [['BPFDelegateMaps=any'], 'BPFDelegateMaps', ['BPFMapTypeArray'], undefined],
  ]);

  readBack([
    ['IPAddressDeny', ['10.0.0.0/8'], { IPAddressDeny: [[2, Uint8Array.of(0, 0, 0, 0), 0]] }, true],
    ['IPAddressAllow', ['', '10.0.0.0/8'], { IPAddressAllow: [[2, Uint8Array.of(0, 0, 0, 0), 0]] }, false],
  ]);

  const ZEROS = new Array<number>(15).fill(0);

  writes([
    [
      'IPAddressAllow',
      [['10.0.0.0/8', '::1']],
      {
        IPAddressAllow: [
          [2, [10, 0, 0, 0], 8],
          [10, [...ZEROS, 1], 128],
        ],
      },
    ],
    [
      'IPAddressDeny',
      ['any'],
      {
        IPAddressDeny: [
          [2, [0, 0, 0, 0], 0],
          [10, [...ZEROS, 0], 0],
        ],
      },
    ],
    [
      'IPAddressAllow',
      ['localhost'],
      {
        IPAddressAllow: [
          [2, [127, 0, 0, 0], 8],
          [10, [...ZEROS, 1], 128],
        ],
      },
    ],
    // Family, protocol, how many ports, the first.
    ['SocketBindAllow', ['ipv4:tcp:80-90'], { SocketBindAllow: [[2, 6, 11, 80]] }],
    ['SocketBindDeny', ['any'], { SocketBindDeny: [[0, 0, 0, 0]] }],
    ['NFTSet', ['user:inet:a:b'], { NFTSet: [[4, 1, 'a', 'b']] }],
    ['BPFProgram', ['egress:/sys/fs/bpf/a'], { BPFProgram: [['egress', '/sys/fs/bpf/a']] }],
    ['IPIngressFilterPath', ['/a'], { IPIngressFilterPath: ['/a'] }],
    ['IPIngressFilterPath', ['/%i'], undefined],
    ['BPFDelegateCommands', ['any'], { BPFDelegateCommands: 'any' }, 258],
  ]);
});
