/** The command at work on Debian's nginx, step by step: what `npm run demo` shows, and a test holds. */
import type { Box } from './box.js';

const POLICY_FILE = '/etc/sandbox-unit/nginx.service.toml';

const POLICY = `description = "nginx serving static files: it has no programs to start"
# A template: the service has a /run of its own.
extends = ["own-run"]

[syscalls]
deny = ["execve:EPERM", "execveat:EPERM", "@mount", "open_tree_attr", "ptrace"]

[service]
CapabilityBoundingSet = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETUID"]
ProtectSystem = "strict"
ReadWritePaths = ["/var/lib/nginx", "/var/log/nginx"]
# The only file of /run that it writes to.
BindPaths = ["-/run/nginx.pid"]
ProtectHome = true
PrivateDevices = true

# Makes that file before each start. The host's /run is below /proc/1/root.
[exec]
start-pre = ["/usr/bin/truncate --size=0 /proc/1/root/run/nginx.pid"]

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
/** nginx renames its PID file before that exec. In /run it can't. */
const pidFile = (path: string) =>
  `sed -i 's|^pid .*|pid ${path};|' /etc/nginx/nginx.conf && kill -HUP ${MAIN_PID}`;
const OTHER_PID_FILE = '/var/lib/nginx/nginx.pid';
const MASTERS = 'ps -C nginx -o args= | grep -c master';

/** A box, and where what is shown goes. */
interface Stage {
  readonly box: Box;
  readonly print: (text: string) => void;
}

/**
 * Runs the demonstration in a box that has nginx, and the command in its PATH. Fails if anything isn't as told.
 * @param print gets what is to be seen, lines with their ends.
 */
export async function demonstrate(box: Box, print: (text: string) => void): Promise<void> {
  const stage = { box, print };
  await unconfined(stage);
  await tightened(stage);
  await confined(stage);
  await reverted(stage);
}

const say = ({ print }: Stage, text: string) => print(paragraph(text));

export const paragraph = (text: string) => `\n${text}\n\n`;

/** Shows a command and what it prints, which has to match. */
async function show({ box, print }: Stage, command: string, expected: RegExp = /^/): Promise<void> {
  print(`  # ${command}\n`);
  const { status, stdout, stderr } = await box.sh(command);
  const output = stdout + stderr;
  print(output.replace(/^(?=.)/gm, '  '));
  if (status !== 0 || !expected.test(output)) {
    throw new Error(`'${command}' failed: status ${status}, expected ${expected}\n${output}`);
  }
}

async function unconfined(stage: Stage): Promise<void> {
  say(
    stage,
    "Debian's nginx as it comes: no filter, and told by a signal it executes its own binary, so there are two.",
  );
  await show(stage, 'systemctl start nginx');
  await show(stage, SECCOMP, /^NoNewPrivs:\t0\nSeccomp:\t0$/m);
  await show(stage, UPGRADE);
  await stage.box.waitFor('two nginx masters', async () => (await stage.box.sh(MASTERS)).stdout === '2\n');
  await show(stage, MASTERS, /^2$/m);
  await show(stage, 'systemctl restart nginx');
}

async function tightened(stage: Stage): Promise<void> {
  say(stage, 'In an incident, without a policy: the processes that run lose exec, and none is restarted.');
  await show(
    stage,
    'sandbox-unit tighten nginx.service --deny execve,execveat',
    /^nginx\.service: tightened/m,
  );
  await show(stage, SECCOMP, /^Seccomp:\t2$/m);
  await refused(stage);
}

async function confined(stage: Stage): Promise<void> {
  say(stage, 'A policy for it:');
  await stage.box.writeFile(POLICY_FILE, POLICY);
  await show(stage, `cat ${POLICY_FILE}`);
  say(stage, 'Who would enforce which line of it, and how:');
  await show(stage, 'sandbox-unit plan nginx.service', /deny execve:EPERM +launcher/);
  say(stage, 'Applied:');
  await show(stage, 'sandbox-unit apply nginx.service', /^nginx\.service: applied$/m);
  say(stage, 'nginx serves, under a filter that it never asked for:');
  await show(stage, "curl -sS http://localhost/ | grep '<title>'", /Welcome to nginx!/);
  await show(stage, SECCOMP, /^NoNewPrivs:\t1\nSeccomp:\t2$/m);
  say(stage, 'nginx renames its PID file before that exec, and can not in /run. Let it have another one:');
  await show(stage, pidFile(OTHER_PID_FILE));
  await stage.box.waitFor(
    'the other PID file',
    async () => (await stage.box.exec(['test', '-s', OTHER_PID_FILE])).status === 0,
  );
  await refused(stage);
  await stage.box.succeed(['sh', '-c', pidFile('/run/nginx.pid')]);
}

/** Asks for the exec, which only nginx's log then tells of. */
async function refused(stage: Stage): Promise<void> {
  say(stage, 'The same signal: the kernel refuses the exec, and nginx goes on serving.');
  const refusals = 'grep -hc execve /var/log/nginx/error.log';
  const before = (await stage.box.sh(refusals)).stdout;
  await show(stage, UPGRADE);
  await stage.box.waitFor(
    'the refusal in its log',
    async () => (await stage.box.sh(refusals)).stdout !== before,
  );
  const refusal = 'tail -n 1 /var/log/nginx/error.log';
  await show(stage, refusal, /execve\(\) failed .*Operation not permitted/);
  await show(stage, MASTERS, /^1$/m);
  await show(stage, "curl -sS http://localhost/ | grep '<title>'", /Welcome to nginx!/);
}

async function reverted(stage: Stage): Promise<void> {
  say(stage, 'Taken back:');
  await show(stage, 'sandbox-unit revert nginx.service', /^nginx\.service: reverted$/m);
  await show(stage, SECCOMP, /^NoNewPrivs:\t0\nSeccomp:\t0$/m);
  await show(stage, 'systemctl show -p DropInPaths nginx', /^DropInPaths=$/m);
}
