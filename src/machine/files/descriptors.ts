import type { Socket } from 'node:net';
import type { MessageBus } from 'dbus-next';

/** A part of dbus-next's output to a stream that can pass descriptors: a line of the handshake, or a message. */
type Chunk = string | { readonly data: Uint8Array; readonly fds: readonly number[] };

/**
 * Lets a bus pass open files: a value of type `h` is a descriptor of this process. Node's sockets can't pass files
 * (SCM_RIGHTS, unix(7)), so that a program of ours sends such a message over the same socket. Must be called before the
 * bus is connected; a failure is an error of the bus.
 * @param program path of send-descriptors
 */
export function passDescriptors(bus: MessageBus, program: string): void {
  const { stream } = (bus as unknown as { _connection: { stream: Socket } })._connection;
  const writeBytes = stream.write.bind(stream);
  const write = (bytes: Uint8Array | string) =>
    new Promise<void>((resolve, reject) =>
      writeBytes(bytes, (cause) => (cause == null ? resolve() : reject(cause))),
    );
  const send = (chunk: Chunk) => {
    if (typeof chunk === 'string') return write(chunk);
    const { data, fds } = chunk;
    return fds.length === 0 ? write(data) : sendWith(program, descriptorOf(stream), data, fds);
  };
  // Chunks are sent one after the other, since the program writes to the same socket.
  let sent = Promise.resolve();
  const queue = (chunk: Chunk): boolean => {
    sent = sent.then(() => send(chunk));
    sent.catch((cause) => stream.destroy(cause));
    return true;
  };
  Object.assign(stream, { supportsUnixFd: true, write: queue });
}

/**
 * The descriptor of a socket, by an undocumented name: child_process takes the socket itself, too, but then stops
 * reading from it.
 */
function descriptorOf(stream: Socket): number {
  const { _handle } = stream as unknown as { _handle?: { readonly fd?: number } };
  if (_handle?.fd === undefined) throw new Error('the socket has no descriptor');
  return _handle.fd;
}

async function sendWith(program: string, socket: number, data: Uint8Array, fds: readonly number[]) {
  const { spawn } = await import('node:child_process');
  // The descriptors start at 3: Node makes 0, 1 and 2 of a child blocking, for all who share them.
  const child = spawn(program, [`${fds.length}`], {
    stdio: ['pipe', 'ignore', 'pipe', socket, ...fds],
    // Ctrl-C must not reach the program: it gets a process group of its own.
    detached: true,
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  child.stdin?.on('error', () => {}); // the program ended before it had read all, and writes the reason
  child.stdin?.end(data);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (status !== 0) throw new Error(said.trim() || `${program} did not send the message`);
}
