/** `npm run demo`: boots a throw-away machine and shows the command at work in it. */
import { Box, boxAvailable } from './box.js';
import { demonstrate, paragraph } from './demonstration.js';
import { inRepository } from './repository.js';

/** The demonstration is built without the observer, which packages have: a note of `apply` that it isn't there says nothing of them. */
const print = (text: string) =>
  process.stdout.write(text.replace(/^ *note\[records-incomplete].*\n(?: *hint: make .*\n)?/gm, ''));
const say = (text: string) => print(paragraph(text));

async function main(): Promise<void> {
  const obstacle = boxAvailable();
  if (obstacle !== undefined) throw new Error(`no throw-away machine can run here: ${obstacle}`);
  const start = performance.now();
  const box = await Box.boot({ name: 'demo' });
  try {
    const [release] = (await box.succeed(['systemctl', '--version'])).split('\n');
    const took = Math.round(performance.now() - start);
    say(`A throw-away Debian with ${release}, booted in ${took} ms; nothing here is changed.`);
    const program = inRepository('dist/sandbox-unit.cjs');
    await box.succeed(['ln', '-s', program, '/usr/local/bin/sandbox-unit']);
    await demonstrate(box, print);
  } finally {
    await box.stop();
  }
  say('The machine is gone.');
}

await main().catch((error: Error) => {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
});
