import type { HeardLine } from './caller.js';

/** More than a person types, in characters. */
const LIMIT = 4096;

/** Listens to a stream for its next line. A stream that ends, fails or has a line of any length but no end has none. */
export function hearLine(stream: NodeJS.ReadStream): HeardLine {
  let text = '';
  let settle: (line: string | undefined) => void;
  const line = new Promise<string | undefined>((resolve) => {
    settle = resolve;
  });
  const hear = (chunk: Buffer | string) => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end >= 0) settle(text.slice(0, end));
    else if (text.length > LIMIT) settle(undefined);
  };
  const end = () => settle(undefined);
  stream.on('data', hear).on('end', end).on('error', end);
  return {
    line,
    stop: () => {
      stream.off('data', hear).off('end', end).pause();
    },
  };
}
