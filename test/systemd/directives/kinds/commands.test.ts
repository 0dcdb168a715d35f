/** Tests of all of systemd/directives/kinds/commands/: the values of directives that only `run -p` takes. */
import { describe } from 'node:test';
import { BAD } from '../../../support/bad-values.js';
import { refuses, writes } from '../../../support/directive-cases.js';

describe('commands', () => {
  refuses(BAD.commands);

  writes([
    ['ExecStop', ['-@/bin/a b c'], { ExecStopEx: [['/bin/a', ['b', 'c'], ['ignore-failure']]] }],
    [
      'ExecStop',
      ['+/bin/a', '!/bin/b "c d"'],
      {
        ExecStopEx: [
          ['/bin/a', ['/bin/a'], ['privileged']],
          ['/bin/b', ['/bin/b', 'c d'], ['no-setuid']],
        ],
      },
    ],
    ['ExecStartPre', ['|echo'], { ExecStartPreEx: [['/bin/sh', ['sh', 'echo'], ['via-shell']]] }, 258],
    [
      'ConditionPathExists',
      ['!/a', '|/b'],
      {
        Conditions: [
          ['ConditionPathExists', false, true, '/a'],
          ['ConditionPathExists', true, false, '/b'],
        ],
      },
    ],
    ['AssertPathExists', ['/a'], { Asserts: [['AssertPathExists', false, false, '/a']] }],
    [
      'EnvironmentFile',
      ['-/a', '/b'],
      {
        EnvironmentFiles: [
          ['/a', true],
          ['/b', false],
        ],
      },
    ],
    ['EnvironmentFile', ['/%i'], undefined],
    ['PassEnvironment', ['A "B"'], { PassEnvironment: ['A', 'B'] }],
    ['UnsetEnvironment', ['A=1', 'B'], { UnsetEnvironment: ['A=1', 'B'] }],
    ['LogExtraFields', ['A=b'], { LogExtraFields: [[0x41, 0x3d, 0x62]] }],
    [
      'LogFilterPatterns',
      ['~x', 'y'],
      {
        LogFilterPatterns: [
          [false, 'x'],
          [true, 'y'],
        ],
      },
    ],
    ['StandardOutput', ['append:/a'], { StandardOutputFileToAppend: '/a' }],
    ['StandardInput', ['fd:web'], { StandardInputFileDescriptorName: 'web' }],
    ['StandardOutput', ['journal'], { StandardOutput: 'journal' }],
    ['StandardInputText', ['a\\x41', '100%%'], { StandardInputData: [...Buffer.from('aA\n100%\n')] }],
    ['StandardInputData', ['aGk='], { StandardInputData: [...Buffer.from('hi')] }],
  ]);
});
