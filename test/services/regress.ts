/**
 * PostgreSQL's regression tests against a server without a policy, with one that is learned from its load, and with the template:
 * `node build/test/services/regress.js ARCHIVE`, as scripts/postgresql-regress calls it. ARCHIVE has the tests, and in `lib` the
 * library that they load. The status is 0 where the same tests fail each time, if any does.
 */
import { readFileSync } from 'node:fs';
import { policyPath } from '../support/service.js';
import { type BoxedService, command, succeed, withService } from './in-box.js';

const TESTS = '/usr/local/share/regress';

/** Both policies leave it to the server to write there. */
const OUTPUT = '/var/lib/postgresql/regress';

const PREPARE = `mkdir ${TESTS}; cd ${TESTS}; tar xz --no-same-owner
  for library in autoinc refint; do ln -s /usr/lib/postgresql/17/lib/$library.so lib; done`;

const RUN = `rm -rf ${OUTPUT}; install -d -o postgres ${OUTPUT}; cd ${OUTPUT}; bin=/usr/lib/postgresql/17
  setpriv --reuid=postgres --regid=postgres --init-groups $bin/lib/pgxs/src/test/regress/pg_regress --bindir=$bin/bin \
    --inputdir=${TESTS} --expecteddir=${TESTS} --dlpath=${TESTS}/lib --schedule=${TESTS}/parallel_schedule \
    --outputdir=${OUTPUT} --host=/run/postgresql --max-concurrent-tests=20`;

/** What came of the tests: how many there are, and which failed, with what differs from what they expect. */
async function outcome({ box }: BoxedService, when: string) {
  const { stdout } = await box.exec(['sh', '-ec', RUN], { timeoutMs: 1_800_000 });
  const failed = [...stdout.matchAll(/^not ok \d+ +[-+] (\S+)/gm)].map(([, name]) => name).toSorted();
  const ran = stdout.match(/^(not )?ok /gm)?.length ?? 0;
  process.stdout.write(`${when}: ${ran} tests, ${failed.length} failed: ${failed.join(' ') || 'none'}\n`);
  const differences = failed.length > 0 ? await box.readFile(`${OUTPUT}/regression.diffs`) : '';
  return { ran, failed, differences };
}

const isSame = await withService('postgresql', async (service) => {
  const { box, unit, verb } = service;
  await box.succeed(['sh', '-ec', PREPARE], { input: readFileSync(process.argv[2]!) });
  await succeed(box, 'systemctl', 'start', unit);
  const expected = await outcome(service, 'without a policy');
  const confined = async (when: string, ...words: string[]) => {
    await command(service, 'apply', '--no-confirm', ...words, unit);
    const { ran, failed, differences } = await outcome(service, when);
    await command(service, 'verify', unit);
    await command(service, 'revert', unit);
    if (failed.some((name) => !expected.failed.includes(name))) process.stderr.write(differences);
    return ran === expected.ran && `${failed}` === `${expected.failed}`;
  };
  const file = policyPath(unit);
  await command(service, 'learn', '--restart', '--exercise', verb('load 20'), '--write', file, unit);
  const learned = await confined('learned');
  await succeed(box, 'rm', file);
  const template = await confined('template', '--template', 'postgresql');
  return expected.ran > 0 && learned && template;
});
process.exitCode = isSame ? 0 : 1;
