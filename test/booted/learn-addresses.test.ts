/** A service that is confined to the addresses of its recorded peers. */
import assert from 'node:assert/strict';
import { machine } from '../support/machine.js';
import { policyPath } from '../support/service.js';

const UNIT = 'store.service';
const [SEEN, OTHER] = ['10.9.9.9', '10.9.9.8'];
const SERVICE = `[Service]
ExecStart=/usr/bin/redis-server --port 8097 --save "" --bind 0.0.0.0 --protected-mode no
`;

const { box, run, test } = machine('learn-addresses', {
  files: { [UNIT]: SERVICE },
  script: `ip address add ${SEEN}/32 dev lo; ip address add ${OTHER}/32 dev lo`,
  start: [UNIT],
});

const answers = async (address: string) =>
  (await box.exec(['timeout', '2', 'redis-cli', '-h', address, '-p', '8097', 'ping'])).stdout === 'PONG\n';

test("learn --addresses: other addresses can't reach the service", async () => {
  const exercise = `redis-cli -p 8097 ping; redis-cli -h ${SEEN} -p 8097 ping; sleep 1`;
  const words = [
    'learn',
    '--restart',
    '--addresses',
    '--exercise',
    exercise,
    UNIT,
    '--write',
    policyPath(UNIT),
  ];
  await run(0, ...words);
  await run(0, 'apply', UNIT);
  assert.deepEqual(
    [await answers('127.0.0.1'), await answers(SEEN), await answers(OTHER)],
    [true, true, false],
  );
});
