/** Asks servers until it is told to end: `node ask-always.js URL…`. Each line is an `Asked`; the last has all. */
import { Agent, get } from 'node:http';
import type { Asked } from './asking.js';

/** Half of them keep their connections. */
const CLIENTS = 8;

/** How long an answer may keep silent, in milliseconds. */
const SILENCE = 60_000;

const urls = process.argv.slice(2);
const kept = new Agent({ keepAlive: true, maxSockets: CLIENTS });
const failures: string[] = [];
let answers = 0;
let isEnough = false;

/** Returns what went wrong. */
const ask = (url: string, agent: Agent | false): Promise<string | undefined> =>
  new Promise((done) => {
    const failed = ({ message }: Error) => done(message);
    const request = get(url, { agent, timeout: SILENCE }, (answer) => {
      const end = () => done(answer.statusCode === 200 ? undefined : `status ${answer.statusCode}`);
      answer.on('error', failed).on('end', end).resume();
    });
    request.on('error', failed).on('timeout', () => request.destroy(new Error('no answer')));
  });

async function client(number: number): Promise<void> {
  for (let i = number; !isEnough; i++) {
    const url = urls[i % urls.length]!;
    const failure = await ask(url, number % 2 === 0 && kept);
    if (failure === undefined) answers++;
    else failures.push(`${url}: ${failure}`);
  }
}

const tell = () => console.log(JSON.stringify({ answers, failures } satisfies Asked));
const telling = setInterval(tell, 100);
process.on('SIGTERM', () => {
  isEnough = true;
});
await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
clearInterval(telling);
kept.destroy();
tell();
