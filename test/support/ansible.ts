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

/** Each connection is a login of its own; a socket carries it to the host. */
const CONFIGURATION = `[defaults]
inventory = ${PROJECT}/inventory
interpreter_python = /usr/bin/python3
host_key_checking = False
nocows = True
retry_files_enabled = False
gathering = explicit
forks = 3
[ssh_connection]
pipelining = True
ssh_args = -C -o ControlMaster=auto -o ControlPersist=60s -o ConnectTimeout=5 -o "ProxyCommand=nc -U ${SOCKETS}/%h" -o LogLevel=ERROR -o UserKnownHostsFile=/dev/null
`;

/** A host's name, its Debian, and whether it has the command. */
export interface HostOptions {
  readonly name: string;
  readonly tree: TreeName;
  readonly command: boolean;
}

/** A tree's own keys are those of every box of it. */
const PREPARE_HOST = `
install -d -m 700 /root/.ssh && install -m 600 /dev/stdin /root/.ssh/authorized_keys
echo 'PerSourcePenalties no' >/etc/ssh/sshd_config.d/test.conf
sshd -t 2>/dev/null || rm /etc/ssh/sshd_config.d/test.conf
systemctl start --no-block systemd-user-sessions.service
systemctl start ssh.service`;

const installCommand = (box: Box): Promise<void> =>
  box.writeFile(
    COMMAND,
    `#!/bin/sh\nexec node ${inRepository('dist/sandbox-unit.cjs')} "$@"\n`,
    '0755',
  );

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

  /** Runs a program of Ansible on the controller. */
  run(argv: readonly string[], timeoutMs = 240_000): Promise<RunResult> {
    return this.controller.exec(argv, { cwd: PROJECT, timeoutMs, env: { ANSIBLE_FORCE_COLOR: '0' } });
  }

  async stop(): Promise<void> {
    for (const relay of this.#relays) relay.close();
    for (const carrier of this.#carriers) carrier.kill();
    await Promise.all([this.controller, ...this.hosts.values()].map((box) => box.stop()));
  }
}
