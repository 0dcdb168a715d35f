import type { Message, MessageBus } from 'dbus-next';
import { marshalled } from './marshalled.js';
import { BUS } from './names.js';

/** Private parts of dbus-next. */
interface Inner {
  readonly _connection: NodeJS.EventEmitter & { readonly stream: NodeJS.ReadableStream };
}

type Handler = (...args: unknown[]) => void;
/** A value and its type. */
type RawVariant = Readonly<Record<'signature' | 'value', unknown>>;
type MakeMessage = new (fields: object) => Message;

/** Kinds of messages, as dbus-next's MessageType has them. */
const [ERROR, SIGNAL] = [3, 4];

/**
 * Reads a bus's messages, in the place of dbus-next: that takes three times as long, and throws where nothing can catch it. A
 * malformed message, and the bus's refusal of the connection, are errors of the connection. Must be called before anything is read.
 */
export function receive(bus: MessageBus, make: MakeMessage): void {
  const { _connection: connection } = bus as unknown as Inner;
  const { stream } = connection;
  const next = nextMessage(stream, make);
  const read = () => {
    try {
      for (let message = next(); message; message = next()) connection.emit('message', message);
    } catch (cause) {
      stream.removeAllListeners('readable');
      stream.emit('error', cause);
    }
  };
  // dbus-next begins to read when this event has been handled.
  const begin = () => {
    stream.removeAllListeners('readable');
    stream.on('readable', read);
  };
  connection.once('connect', () => process.nextTick(begin));
  const handlers = connection.listeners('message') as Handler[];
  connection.removeAllListeners('message');
  connection.on('message', (message: Message) => {
    // Before the connection has its name there is only one call, which asks for it.
    const named = (bus as unknown as { readonly name: string | null }).name !== null;
    if (!named && (message.type as number) === ERROR) connection.emit('error', new Error(reasonOf(message)));
    else for (const handler of handlers) handler(message);
  });
}

const reasonOf = ({ body, errorName }: Message): string => String(body[0] ?? errorName);

/** The bytes before the fields of a message, and the most of a message (D-Bus Specification, "Message Format"). */
const HEAD = 16;
const MOST = 1 << 27;

/** Fields of a message by their codes. */
const FIELDS = [
  ...[undefined, 'path', 'interface', 'member', 'errorName', 'replySerial', 'destination', 'sender'],
  'signature',
] as const;

/**
 * @returns a function that reads a message; undefined while it isn't there as a whole. Signals that another peer addresses to this
 * connection are left out
 * @throws RangeError or TypeError where there is no message
 */
function nextMessage(stream: NodeJS.ReadableStream, make: MakeMessage): () => Message | undefined {
  let head: Buffer | undefined;
  return () => {
    for (;;) {
      head ??= take(stream, HEAD);
      if (!head) return undefined;
      const isLittle = head[0] === 'l'.charCodeAt(0);
      const [bodyLength, serial, length] = marshalled(head, isLittle, 4).values('uuu') as number[];
      const padded = Math.ceil(length! / 8) * 8;
      if (padded === 0 || padded + bodyLength! > MOST) throw new RangeError('no message has that size');
      const rest = take(stream, padded + bodyLength!);
      if (!rest) return undefined;
      const fields = marshalled(rest, isLittle).elements('(yv)', length!) as [number, RawVariant][];
      const named = Object.fromEntries(fields.map(([code, { value }]) => [FIELDS[code], value]));
      const [, type, flags] = head;
      head = undefined;
      // Signals of managers are broadcasts. Others' may be large, and take long to read.
      if (type === SIGNAL && named.destination !== undefined && named.sender !== BUS) continue;
      const body = marshalled(rest, isLittle, padded).values(`${named.signature ?? ''}`);
      return new make({ ...named, type, flags, serial, body });
    }
  };
}

/** So many bytes; undefined as long as there are less. */
function take(stream: NodeJS.ReadableStream, size: number): Buffer | undefined {
  const bytes = stream.read(size) as Buffer | null;
  return bytes?.length === size ? bytes : undefined;
}
