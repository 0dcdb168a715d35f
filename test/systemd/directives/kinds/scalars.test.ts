/** Tests of all of systemd/directives/kinds/scalars/: single words, numbers, sizes, limits and spans of time. */
import { describe } from 'node:test';
import { BAD } from '../../../support/bad-values.js';
import { loosensBy, readBack, refuses, writes } from '../../../support/directive-cases.js';

describe('scalars', () => {
  const stricter = (own: string, asked: string) =>
    `the unit has '${own}', which is more restrictive than '${asked}'`;

  refuses(BAD.scalars);

  loosensBy('a weaker word loosens, a stricter or the same does not', [
    [['ProtectSystem=strict'], 'ProtectSystem', 'full', stricter('strict', 'full')],
    [['ProtectSystem=full'], 'ProtectSystem', 'strict', undefined],
    [[], 'ProtectSystem', false, undefined],
    [['ProtectSystem=TRUE'], 'ProtectSystem', false, stricter('yes', 'no')],
    [
      ['ProtectSystem=full', 'ProtectSystem=nonsense', 'ProtectSystem='],
      'ProtectSystem',
      true,
      stricter('full', 'yes'),
    ],
    [['ProtectSystem=strict', 'ProtectSystem=no'], 'ProtectSystem', true, undefined],
    [['NoNewPrivileges=1'], 'NoNewPrivileges', false, stricter('yes', 'no')],
    [['PrivateTmp=yes'], 'PrivateTmp', false, stricter('yes', 'no')],
    [['PrivateTmp=disconnected'], 'PrivateTmp', true, stricter('disconnected', 'yes')],
    [['PrivateTmp=connected'], 'PrivateTmp', true, undefined],
    [['PrivateUsers=self'], 'PrivateUsers', 'identity', stricter('yes', 'identity')],
    [['PrivateUsers=__proto__'], 'PrivateUsers', false, undefined],
    [['ProtectHome=yes'], 'ProtectHome', 'tmpfs', undefined],
    [['ProtectHome=tmpfs'], 'ProtectHome', 'read-only', stricter('tmpfs', 'read-only')],
    [['ProtectControlGroups=yes'], 'ProtectControlGroups', 'private', stricter('yes', 'private')],
    [['ProtectControlGroups=private'], 'ProtectControlGroups', true, stricter('private', 'yes')],
    [['ProtectControlGroups=yes'], 'ProtectControlGroups', 'strict', undefined],
    [['ProtectHostname=yes'], 'ProtectHostname', 'private:a', stricter('yes', 'private')],
    [['ProtectHostname=private:b'], 'ProtectHostname', 'private:a', undefined],
    [[], 'KeyringMode', 'inherit', stricter('private', 'inherit')],
    [['DevicePolicy=strict'], 'DevicePolicy', 'closed', stricter('strict', 'closed')],
    [[], 'MemoryKSM', true, stricter('no', 'yes')],
  ]);

  loosensBy('who is not root stays who he is', [
    [['UMask=0077'], 'UMask', '0027', "new files get rights that the unit's '0077' takes away"],
    [['UMask=0027'], 'UMask', '0077', undefined],
    [[], 'UMask', '0002', "new files get rights that the unit's '0022' takes away"],
    [
      ['StateDirectoryMode=0700'],
      'StateDirectoryMode',
      '0750',
      "it gives rights that the unit's '0700' doesn't",
    ],
    [[], 'StateDirectoryMode', '0700', undefined],
  ]);

  const limit = (text: string) => `the unit's own limit is '${text}'`;

  loosensBy('a limit of the own may be lowered, not raised', [
    [[], 'MemoryMax', '1G', undefined],
    [['MemoryMax=1G'], 'MemoryMax', '512M', undefined],
    [['MemoryMax=1G'], 'MemoryMax', 1073741824, undefined],
    [['MemoryMax=1G'], 'MemoryMax', '1.1G', limit('1G')],
    [['MemoryMax=1G'], 'MemoryMax', 'infinity', limit('1G')],
    [['MemoryMax=1G'], 'MemoryMax', '', limit('1G')],
    [['MemoryMax=1G'], 'MemoryMax', '10%', "it can't be compared with the unit's own '1G'"],
    [['MemoryMax=10%'], 'MemoryMax', 'infinity', limit('10%')],
    [['MemoryMax=1 G'], 'MemoryMax', '1M', "it can't be compared with the unit's own '1 G'"],
    [['MemoryMax=1G', 'MemoryMax='], 'MemoryMax', 'infinity', undefined],
    [['MemoryMax=infinity'], 'MemoryMax', '5%', undefined],
    [['MemoryLow=1G'], 'MemoryLow', '2G', undefined],
    [['TasksMax=10'], 'TasksMax', 11, limit('10')],
    [['CPUQuota=50%'], 'CPUQuota', '60%', limit('50%')],
    [['LimitNOFILE=1024:2048'], 'LimitNOFILE', '1024:4096', limit('1024:2048')],
    [['LimitNOFILE=1024:2048'], 'LimitNOFILE', '512', undefined],
    [['LimitCPU=1min'], 'LimitCPU', '61', limit('1min')],
    [['LimitNICE=+5'], 'LimitNICE', '-5', limit('+5')],
  ]);

  loosensBy('exceptions count only where the unit denies', [[['Nice=5'], 'Nice', -5, undefined]]);

  readBack([
    ['MemoryMax', ['infinity'], { MemoryMax: 2n ** 64n - 1n }, true],
    ['MemoryMax', ['1G'], { MemoryMax: 2n ** 64n - 1n }, false],
    ['MemoryMax', ['50%'], { MemoryMax: 1234n }, true],
    ['Nice', [''], { Nice: 5 }, true],
    ['PrivateTmp', ['disconnected'], { PrivateTmp: true, PrivateTmpEx: 'connected' }, false],
    ['PrivateTmp', ['yes'], { PrivateTmp: true }, true],
  ]);

  writes([
    ['NoNewPrivileges', ['on'], { NoNewPrivileges: true }],
    ['ProtectSystem', ['strict'], { ProtectSystem: 'strict' }],
    ['PrivateTmp', ['disconnected'], { PrivateTmp: true, PrivateTmpEx: 'disconnected' }],
    ['PrivateTmp', [true], { PrivateTmp: true, PrivateTmpEx: 'connected' }],
    ['PrivateTmp', [true], { PrivateTmp: true }, 256],
    ['ProtectHostname', ['private:a'], { ProtectHostname: true, ProtectHostnameEx: ['private', 'a'] }, 258],
    ['IOSchedulingClass', ['idle'], { IOSchedulingClass: 3 }],
    ['CPUSchedulingPolicy', ['batch'], { CPUSchedulingPolicy: 3 }],
    ['Nice', [-5], { Nice: -5 }],
    ['CPUWeight', ['idle'], { CPUWeight: 0 }],
    ['CPUQuota', ['50%'], { CPUQuotaPerSecUSec: 500_000 }],
    ['ManagedOOMMemoryPressureLimit', ['50%'], { ManagedOOMMemoryPressureLimit: 0x80000000 }],
    ['CPUAffinity', ['0-2 8'], { CPUAffinity: [7, 1] }],
    ['CPUAffinity', ['numa'], { CPUAffinityFromNUMA: true }],
    ['MemoryMax', ['1.5K'], { MemoryMax: 1536n }],
    ['MemoryMax', ['infinity'], { MemoryMax: 2n ** 64n - 1n }],
    ['MemoryMax', ['50%'], { MemoryMaxScale: 0x80000000 }],
    ['TasksMax', [7], { TasksMax: 7 }],
    ['TasksMax', ['10%'], { TasksMaxScale: 429_496_730 }],
    ['StateDirectoryQuota', ['off'], {}],
    ['LimitNOFILE', ['1:2'], { LimitNOFILE: 2n, LimitNOFILESoft: 1n }],
    // Whole seconds, rounded up; a nice level is 20 less of it.
    ['LimitCPU', ['1500ms'], { LimitCPU: 2n, LimitCPUSoft: 2n }],
    ['LimitNICE', ['+5'], { LimitNICE: 15n, LimitNICESoft: 15n }],
    ['LimitRTTIME', ['1ms'], { LimitRTTIME: 1000n, LimitRTTIMESoft: 1000n }],
    ['UMask', ['077'], { UMask: 0o77 }],
    ['RuntimeMaxSec', [90], { RuntimeMaxUSec: 90_000_000n }],
    ['TimerSlackNSec', ['1us'], { TimerSlackNSec: 1000n }],
  ]);
});
