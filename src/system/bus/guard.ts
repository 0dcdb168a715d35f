import type { Message, MessageBus } from 'dbus-next';

/** What dbus-next keeps to itself. */
interface Inner {
  readonly _connection: NodeJS.EventEmitter & { readonly stream: NodeJS.ReadWriteStream };
}

type Handler = (...args: unknown[]) => void;

/** MessageType.ERROR of dbus-next. */
const ERROR = 3;

/**
 * What a bus sends that is no message, and its refusal of the connection, throw where nobody can catch it in dbus-next:
 * here they are errors of the connection. To be called before anything is read.
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
    // By this it is found when it is removed.
    return on(event, Object.assign(guarded, { listener: handler }));
  };
  const handlers = connection.listeners('message') as Handler[];
  connection.removeAllListeners('message');
  connection.on('message', (message: Message) => {
    // Until it has its name there is one call, by which it asks for that.
    const named = (bus as unknown as { readonly name: string | null }).name !== null;
    if (!named && (message.type as number) === ERROR) connection.emit('error', new Error(reasonOf(message)));
    else for (const handler of handlers) handler(message);
  });
}

const reasonOf = ({ body, errorName }: Message): string => String(body[0] ?? errorName);
