/** `npm run demo`: the command at work on Debian's nginx, in a throw-away machine. Fails if anything isn't as told. */
import { Box, boxAvailable } from './box.js';
import { inRepository } from './repository.js';

const POLICY_FILE = '/etc/sandbox-unit/nginx.service.toml';

const POLICY = `description = "nginx serving static files: it has no programs to start"

[syscalls]
deny = ["execve:EPERM", "execveat:EPERM", "@mount", "ptrace"]

[service]
ProtectSystem = "strict"
ReadWritePaths = ["/run", "/var/lib/nginx", "/var/log/nginx"]
ProtectHome = true
PrivateDevices = true

[apply]
settle = "1s"
probe = ["curl", "-fsS", "-o", "/dev/null", "http://localhost/"]

[[expect]]
syscall = "execve"
action = "EPERM"
`;

const MAIN_PID = '$(systemctl show --value -p MainPID nginx)';
const SECCOMP = `grep -E '^(NoNewPrivs|Seccomp):' /proc/${MAIN_PID}/status`;
/** On SIGUSR2 nginx executes its own binary anew: an exec from inside the service, on request. */
const UPGRADE = `kill -USR2 ${MAIN_PID}`;
const MASTERS = 'ps -C nginx -o args= | grep -c master';

const say = (text: string) => console.log(`\n${text}\n`);

/** Shows a command and what it prints, which has to match. */
async function show(box: Box, command: string, expected: RegExp = /^/): Promise<void> {
  console.log(`  # ${command}`);
  const { status, stdout, stderr } = await box.sh(command);
  const output = stdout + stderr;
  process.stdout.write(output.replace(/^(?=.)/gm, '  '));
  if (status !== 0 || !expected.test(output)) {
    throw new Error(`the demonstration failed here: status ${status}, expected ${expected}`);
  }
}

async function unconfined(box: Box): Promise<void> {
  say(
    "Debian's nginx as it comes: no filter, and told by a signal it executes its own binary, so there are two.",
  );
  await show(box, 'systemctl start nginx');
  await show(box, SECCOMP, /^NoNewPrivs:\t0\nSeccomp:\t0$/m);
  await show(box, UPGRADE);
  await box.waitFor('two nginx masters', async () => (await box.sh(MASTERS)).stdout === '2\n');
  await show(box, MASTERS, /^2$/m);
  await show(box, 'systemctl restart nginx');
}

async function confined(box: Box): Promise<void> {
  say('A policy for it:');
  await box.writeFile(POLICY_FILE, POLICY);
  await show(box, `cat ${POLICY_FILE}`);
  say('Who would enforce which line of it, and how:');
  await show(box, 'sandbox-unit plan nginx.service', /deny execve:EPERM +launcher/);
  say('Applied:');
  await show(box, 'sandbox-unit apply nginx.service', /^nginx\.service: applied$/m);
  say('nginx serves, under a filter that it never asked for:');
  await show(box, "curl -sS http://localhost/ | grep '<title>'", /Welcome to nginx!/);
  await show(box, SECCOMP, /^NoNewPrivs:\t1\nSeccomp:\t2$/m);
  say('The same signal: the kernel refuses the exec, and nginx goes on serving.');
  await show(box, UPGRADE);
  const refusal = 'grep -h execve /var/log/nginx/error.log';
  await box.waitFor('the refusal in its log', async () => (await box.sh(refusal)).status === 0);
  await show(box, refusal, /execve\(\) failed .*Operation not permitted/);
  await show(box, MASTERS, /^1$/m);
  await show(box, "curl -sS http://localhost/ | grep '<title>'", /Welcome to nginx!/);
}

async function reverted(box: Box): Promise<void> {
  say('Taken back:');
  await show(box, 'sandbox-unit revert nginx.service', /^nginx\.service: reverted$/m);
  await show(box, SECCOMP, /^NoNewPrivs:\t0\nSeccomp:\t0$/m);
  await show(box, 'systemctl show -p DropInPaths nginx', /^DropInPaths=$/m);
}

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
    await unconfined(box);
    await confined(box);
    await reverted(box);
  } finally {
    await box.stop();
  }
  say('The machine is gone.');
}

await main().catch((error: Error) => {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
});
