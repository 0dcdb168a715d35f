/** Ansible on a box, whose hosts are boxes, too: it reaches their sshd by sockets, since boxes share no network. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { Box } from './box.js';
import { inRepository } from './repository.js';
import type { RunResult } from './run.js';
import type { TreeName } from './tree.js';

/** Where the command is on a box, as a package would put it. */
const COMMAND = '/usr/local/bin/sandbox-unit';

/** Where the controller has its files. */
export const PROJECT = '/root/project';

const SOCKETS = '/run/hosts';

/** Who logs in where root isn't to: may become root. */
export const USER = 'deploy';

/** Connections last, as they do by default, and a socket carries each to the host. */
const CONFIGURATION = `[defaults]
inventory = ${PROJECT}/inventory
callback_plugins = ${PROJECT}/callbacks
stdout_callback = results
interpreter_python = /usr/bin/python3
host_key_checking = False
gathering = explicit
forks = 3
[ssh_connection]
ssh_args = -o ControlMaster=auto -o ControlPersist=60s -o ConnectTimeout=5 -o "ProxyCommand=nc -U ${SOCKETS}/%h" -o LogLevel=ERROR -o UserKnownHostsFile=/dev/null
`;

/** Tells each result as a line of JSON. */
const CALLBACK = `import json
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "results"

    def tell(self, outcome, result):
        said = dict(outcome=outcome, host=result._host.get_name(), task=result._task.get_name(), result=result._result)
        print("RESULT " + json.dumps(said, default=str), flush=True)

    def v2_runner_on_ok(self, result):
        self.tell("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.tell("failed", result)

    def v2_runner_on_unreachable(self, result):
        self.tell("unreachable", result)

    def v2_runner_on_skipped(self, result):
        self.tell("skipped", result)
`;

const MARK = 'RESULT ';

/** What became of a task on a host. */
export interface TaskResult {
  readonly outcome: 'ok' | 'failed' | 'unreachable' | 'skipped';
  readonly host: string;
  readonly task: string;
  readonly result: Record<string, unknown>;
}

/** What became of a playbook. */
export interface Played extends RunResult {
  readonly results: readonly TaskResult[];
}

/** A host's name, its Debian, and whether it has the command. */
export interface HostOptions {
  readonly name: string;
  readonly tree: TreeName;
  readonly command: boolean;
}

/** A tree's own keys are those of every box of it. */
const PREPARE_HOST = `
install -d -m 700 /root/.ssh && install -m 600 /dev/stdin /root/.ssh/authorized_keys
useradd --create-home --shell /bin/bash ${USER} && echo '${USER} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${USER}
cp -r /root/.ssh /home/${USER}/ && chown -R ${USER}: /home/${USER}
# Hosts that are cut off refuse connections: no penalty is for that.
install -d -m 755 /run/sshd
echo 'PerSourcePenalties no' >/etc/ssh/sshd_config.d/test.conf && sshd -t 2>/dev/null || rm /etc/ssh/sshd_config.d/test.conf
systemctl start --no-block systemd-user-sessions.service
systemctl start ssh.service`;

const installCommand = (box: Box): Promise<void> =>
  box.writeFile(COMMAND, `#!/bin/sh\nexec node ${inRepository('dist/sandbox-unit.cjs')} "$@"\n`, '0755');

/** A controller, and its hosts. */
export class Ansible {
  readonly controller: Box;
  readonly hosts: ReadonlyMap<string, Box>;
  readonly #relays: Server[] = [];
  readonly #carriers = new Set<ChildProcess>();

  private constructor(controller: Box, hosts: ReadonlyMap<string, Box>) {
    this.controller = controller;
    this.hosts = hosts;
  }

  /** Boots all, with the collection and the command on the controller. */
  static async boot(options: readonly HostOptions[]): Promise<Ansible> {
    const [controller, ...boxes] = await Promise.all([
      Box.boot({ name: 'controller', tree: 'ansible' }),
      ...options.map(({ name, tree }) => Box.boot({ name, tree })),
    ]);
    const ansible = new Ansible(controller, new Map(options.map(({ name }, i) => [name, boxes[i]!])));
    await installCommand(controller);
    const key = await controller.succeed([
      'sh',
      '-c',
      `mkdir -p ${SOCKETS} /root/.ssh /root/.ansible/collections/ansible_collections/sandbox_unit
      ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
      ln -s ${inRepository('integrations/ansible')} /root/.ansible/collections/ansible_collections/sandbox_unit/core
      cat /root/.ssh/id_ed25519.pub`,
    ]);
    await controller.writeFile(`${PROJECT}/ansible.cfg`, CONFIGURATION);
    await controller.writeFile(`${PROJECT}/callbacks/results.py`, CALLBACK);
    await controller.writeFile(`${PROJECT}/inventory`, options.map(({ name }) => `${name}\n`).join(''));
    await Promise.all(options.map((host) => ansible.#prepare(host, key)));
    return ansible;
  }

  async #prepare({ name, command }: HostOptions, key: string): Promise<void> {
    const box = this.hosts.get(name)!;
    await box.succeed(['bash', '-ec', PREPARE_HOST], { input: key });
    if (command) await installCommand(box);
    else await box.succeed(['sh', '-c', 'umount /usr/local/bin/node 2>/dev/null; rm -f /usr/local/bin/node']);
    const relay = createServer({ allowHalfOpen: true }, (socket) => {
      const words = [`${box.pid}`, 'all', 'input', '/', 'nc', '-N', '127.0.0.1', '22'];
      const carrier = spawn(inRepository('build/box-exec'), words, { stdio: ['pipe', 'pipe', 'ignore'] });
      this.#carriers.add(carrier);
      carrier.on('close', () => {
        this.#carriers.delete(carrier);
        socket.destroy();
      });
      for (const stream of [socket, carrier.stdin, carrier.stdout]) stream.on('error', () => carrier.kill());
      socket.pipe(carrier.stdin);
      carrier.stdout.pipe(socket);
    });
    this.#relays.push(relay);
    const path = `/proc/${this.controller.pid}/root${SOCKETS}/${name}`;
    await new Promise<void>((resolve, reject) => {
      relay.on('error', reject);
      relay.listen(path, resolve);
    });
  }

  /** Runs a playbook that is on the controller. @param words further options of ansible-playbook */
  async play(path: string, ...words: string[]): Promise<Played> {
    const argv = ['ansible-playbook', ...words, path];
    const played = await this.controller.exec(argv, { cwd: PROJECT });
    const lines = played.stdout.split('\n').filter((line) => line.startsWith(MARK));
    return { ...played, results: lines.map((line) => JSON.parse(line.slice(MARK.length))) };
  }

  /** Runs tasks, a playbook's in YAML, on hosts. */
  async tasks(hosts: string, tasks: string, ...words: string[]): Promise<Played> {
    const path = `${PROJECT}/tasks.yml`;
    await this.controller.writeFile(
      path,
      `- hosts: ${hosts}\n  tasks:\n${tasks.replace(/^(?=.)/gm, '    ')}`,
    );
    return this.play(path, ...words);
  }

  async stop(): Promise<void> {
    for (const relay of this.#relays) relay.close();
    for (const carrier of this.#carriers) carrier.kill();
    await Promise.all([this.controller, ...this.hosts.values()].map((box) => box.stop()));
  }
}
