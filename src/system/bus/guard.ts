import type { Message, MessageBus } from 'dbus-next';

/** Private parts of dbus-next. */
interface Inner {
  readonly _connection: NodeJS.EventEmitter & { readonly stream: NodeJS.ReadWriteStream };
}

type Handler = (...args: unknown[]) => void;

/** MessageType.ERROR of dbus-next. */
const ERROR = 3;

/**
 * Turns exceptions of dbus-next that nobody can catch into errors of the connection: malformed messages, and the bus's
 * refusal of the connection. Must be called before anything is read.
 */
export function guardBus(bus: MessageBus) {
  const { _connection: connection } = bus as unknown as Inner;
  const { stream } = connection;
  const on = stream.on.bind(stream) as (event: string, handler: Handler) => typeof stream;
  stream.on = (event: string, handler: Handler) => {
    if (event !== 'readable') return on(event, handler);
    const guarded = (...args: unknown[]) => {
      try {
        handler(...args);
      } catch (cause) {
        stream.removeAllListeners('readable');
        stream.emit('error', cause);
      }
    };
    // removeListener() finds the handler by this property.
    return on(event, Object.assign(guarded, { listener: handler }));
  };
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
