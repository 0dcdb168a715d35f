import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { wrapped } from '../support/exec-lines.js';
import { busCommands, changeFiles, outside, unitProperties } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { execLines } from '../support/random-exec-lines.js';
import { seed } from '../support/seed.js';
import { PROGRAMS as OWN, sandboxUnit } from '../support/service.js';

const { box, test } = machine('unit-exec-run', {
  programs: { arguments: ['test/booted/programs/arguments.c', '-static'] },
});

/** Stands in for the launcher: becomes the program, with argv[0] as told. */
const STAND_IN = `#!/bin/bash
unset name
while [ "$1" != -- ]; do
  case $1 in --argv0=*) name=\${1#--argv0=} ;; esac
  shift
done
shift
exec -a "\${name-$1}" "$@"
`;

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: systemd's own notation
/** Copies of cat(1), which shows its own command line. */
const PROGRAMS = [
  '/opt/a$B/cat',
  '/opt/${FOO}/cat',
  '/opt/a$$B/cat',
  '/opt/my app/cat',
  '/opt/é/cat',
  '/usr/bin/;',
];
const SELF = '/proc/self/cmdline';

const lines = [
  `/bin/cat ${SELF} $FOO \${FOO} "$FOO" '\${FOO}' a$FOO a\${FOO}b`,
  `/bin/cat ${SELF} $EMPTY \${EMPTY} $UNSET \${UNSET} x`,
  `/bin/cat ${SELF} $QUOTED \${QUOTED}`,
  `/bin/cat ${SELF} $$ $$FOO a$$b $$$$ $FOO/x $5 \${FOO:-d} $`,
  `:/bin/cat ${SELF} $FOO \${FOO} $$ $$FOO`,
  `/bin/cat ${SELF} \\x24FOO \\x24{FOO} "\\x24\\x24"`,
  `/bin/cat ${SELF} "" '' \\; ";" %n %% \\q \\x41 "a b" x"y z"w \\s\\t`,
  `cat ${SELF} bare`,
  `/opt/a$B/cat ${SELF} x`,
  `:/opt/a$B/cat ${SELF} x`,
  `/opt/a\\x24B/cat ${SELF} x`,
  `/opt/\${FOO}/cat ${SELF} x`,
  `:/opt/\${FOO}/cat ${SELF} x`,
  `@/opt/\${FOO}/cat name ${SELF} x`,
  `/opt/a$$B/cat ${SELF} x`,
  `"/opt/my app/cat" ${SELF} x`,
  `/opt/my\\x20app/cat ${SELF} x`,
  `"-/opt/my app/cat" ${SELF} x`,
  `/opt/\\xc3\\xa9/cat ${SELF} \\xff\\xfe`,
  `-; ${SELF} x`,
  `@/bin/cat "my cat" ${SELF}`,
  `@/bin/cat "" ${SELF}`,
  `@/bin/cat \\; ${SELF}`,
  `@/bin/cat \${FOO} ${SELF}`,
  `@/bin/cat a\${FOO}$$b$FOO ${SELF}`,
  `@/bin/cat $$FOO ${SELF}`,
  `@/bin/cat \${UNSET} ${SELF}`,
  `@:/bin/cat $FOO ${SELF}`,
  `@/bin/cat a\\  ${SELF}`,
  `@/bin/cat %n\\q\\s ${SELF}`,
  `/bin/cat ${SELF} a\\  ; /bin/cat ${SELF} \\; ; -cat ${SELF} a\\ `,
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above

const units = lines.map((_, i) => `run${i}.service`);

/** What the programs of units say of their own command lines. */
async function commandLines(units: readonly string[]): Promise<string[]> {
  await box.sh(
    `rm -rf /run/out; mkdir /run/out; cd /run/out; touch ${units.join(' ')}; systemctl start ${units.join(' ')} || true`,
  );
  return units.map((unit) => readFileSync(outside(box, `/run/out/${unit}`), 'latin1'));
}

test('a program gets the same arguments and name behind the launcher', async () => {
  for (const program of PROGRAMS) await box.succeed(['install', '-D', '/bin/cat', program]);
  await box.writeFile('/opt/launcher', STAND_IN, '0755');
  const unit = (line: string) => `[Service]
Type=oneshot
SuccessExitStatus=1
StandardOutput=append:/run/out/%n
StandardError=null
Environment=FOO="a  b c" EMPTY= "QUOTED='d e' f"
ExecStart=${line}\x20
`;
  await changeFiles(
    box,
    Object.fromEntries(units.map((name, i) => [`/run/systemd/system/${name}`, unit(lines[i]!)])),
  );
  const before = await commandLines(units);
  const dropIns = lines.map((line) =>
    wrapped(`ExecStart=${line}\x20`, ['/opt/launcher', '--filter=$FOO 50%']),
  );
  const texts = dropIns.map((line) => `[Service]\nExecStart=\n${line}\n`);
  await changeFiles(
    box,
    Object.fromEntries(units.map((name, i) => [`/run/systemd/system/${name}.d/zz.conf`, texts[i]!])),
  );
  const after = await commandLines(units);
  const readable = units.filter((_, i) => !lines[i]!.includes('\\xff')); // the bus carries UTF-8 only
  const found = await unitProperties(box, readable, ['Service.ExecStartEx']);
  const paths = found.flatMap(([commands]) => busCommands(commands).map((command) => command.path));
  assert.deepEqual(new Set(paths), new Set(['/opt/launcher']));
  for (const [i, line] of lines.entries()) {
    assert.ok(before[i]!.includes(SELF), `${line} did not run`);
    assert.equal(after[i], before[i], line);
  }
});

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: systemd's own notation
/** Where copies of the program are, by how they are written as the first word. */
const COPIES = new Map([
  ['/opt/program ', '/opt/program'],
  ['program ', '/opt/program'],
  ['"/opt/a b/program" ', '/opt/a b/program'],
  ['/opt/a\\sb//program ', '/opt/a b/program'],
  ['/opt/a$A/program ', '/opt/a$A/program'],
  ['/opt/${A}/program ', '/opt/${A}/program'],
  ["'/opt/a$$b/program' ", '/opt/a$$b/program'],
  ['/opt/%%n%p/program ', '/opt/%nrandom/program'],
]);
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above

test('random lines give a program the same arguments and name behind the launcher', async () => {
  for (const copy of COPIES.values()) await box.succeed(['install', '-D', `${OWN}/arguments`, copy]);
  const lines = fc.sample(execLines([...COPIES.keys()]), { numRuns: 500, seed });
  const names = lines.map((_, i) => `random@${i}.service`);
  const unit = (line: string) => `[Service]
Type=oneshot
StandardOutput=append:/run/out/%n
StandardError=null
Environment=A="a  b 'c d'"
ExecSearchPath=/nowhere:/opt
ExecStart=${line}
`;
  const files = names.map((name, i) => [`/run/systemd/system/${name}`, unit(lines[i]!)]);
  await changeFiles(box, Object.fromEntries(files));
  const before = await commandLines(names);
  await box.writeFile('/run/policy.toml', '[syscalls]\ndeny = ["execve", "execveat"]\n');
  const words = ['apply', '--json', '--no-restart', '--runtime', '--policy', '/run/policy.toml'];
  const { units } = JSON.parse((await sandboxUnit(box, ...words, ...names)).stdout) as {
    units: { unit: string; state: string; diagnostics: { code: string }[] }[];
  };
  const after = await commandLines(names);
  const confined = new Set(units.filter(({ state }) => state === 'applied').map(({ unit }) => unit));
  const compared = [...lines.keys()].filter((i) => confined.has(names[i]!));
  for (const i of compared) assert.equal(after[i], before[i], `seed ${seed}: ${JSON.stringify(lines[i])}`);
  const ran = compared.filter((i) => before[i] !== '');
  assert.ok(ran.length > 100, `only ${ran.length} lines started the program and could be wrapped`);
});
