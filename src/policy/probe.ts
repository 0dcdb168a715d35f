/** Probes of a policy: commands that must succeed, and endpoints that must answer. */

import { type Diagnostic, error, type Location, printable } from '../diagnostic.js';
import type { Located } from '../seccomp/syscalls/section.js';

/** A place where a service answers, which is tried without a program. */
export type Endpoint =
  /** An IPv6 address has no brackets here. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** `http:` or `https:`. */
  | { readonly kind: 'http'; readonly url: string }
  /** A name on the bus of the service's manager. */
  | { readonly kind: 'dbus'; readonly name: string };

export interface CommandProbe {
  readonly argv: readonly [string, ...string[]];
  readonly at: Location;
}

export interface EndpointProbe {
  readonly endpoint: Endpoint;
  /** The endpoint as the policy has it. */
  readonly text: string;
  readonly at: Location;
}

export type Probe = CommandProbe | EndpointProbe;

/** How long a service must stay up if the policy doesn't say, in milliseconds. */
export const DEFAULT_SETTLE = 1000;

/** How long each probe may take if the policy doesn't say, in milliseconds. */
export const DEFAULT_PROBE_TIMEOUT = 60_000;

/** A hint about a command that can't be run. */
export const COMMAND_HINT =
  "'probe' in [apply] is a program's path or name, and its arguments; no shell reads them";

/** Whether a text begins as an endpoint does; else it is the first word of a command. */
export const isEndpoint = (text: string): boolean => /^(?:tcp|dbus|https?):/.test(text);

/** The probe that is one text. */
export function endpointProbe({ value: text, at }: Located<string>): Probe | Diagnostic {
  const endpoint = endpointOf(text);
  if (typeof endpoint === 'object') return { endpoint, text, at };
  return error('policy-value', `'${printable(text, 80)}' is not a valid probe: ${endpoint}`, {
    at,
    hint: 'use tcp:HOST:PORT, http://…, https://… or dbus:NAME; write a command as a list of words',
  });
}

/** The probe that is a command; undefined where it has no word, which the schema refuses. */
export function commandProbe(words: readonly Located<string>[]): Probe | Diagnostic | undefined {
  const bad = words.find(({ value }, i) => value.includes('\0') || (i === 0 && value === ''));
  if (bad) return error('policy-value', 'a command needs a program, and no NUL', { at: bad.at });
  const [program, ...rest] = words;
  return program && { argv: [program.value, ...rest.map(({ value }) => value)], at: program.at };
}

/** The endpoint that a text names, or the reason why it names none. */
function endpointOf(text: string): Endpoint | string {
  if (text.startsWith('tcp:')) return tcpEndpoint(text.slice('tcp:'.length));
  if (text.startsWith('dbus:')) return busEndpoint(text.slice('dbus:'.length));
  return isEndpoint(text) ? httpEndpoint(text) : 'unknown scheme';
}

const MOST_PORTS = 65_535;

function tcpEndpoint(place: string): Endpoint | string {
  const [, six, name, digits] =
    /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([\w.-]+)):(\d{1,5})$/.exec(place) ?? [];
  const [host, port] = [six ?? name, Number(digits)];
  if (host === undefined) return 'it needs HOST:PORT or [ADDRESS]:PORT';
  return port >= 1 && port <= MOST_PORTS ? { kind: 'tcp', host, port } : `a port is from 1 to ${MOST_PORTS}`;
}

/** The most bytes of a name on a bus (D-Bus Specification, "Valid Names"). */
const MOST_BYTES = 255;

function busEndpoint(name: string): Endpoint | string {
  const isName = /^[A-Za-z_-][\w-]*(?:\.[A-Za-z_-][\w-]*)+$/.test(name) && name.length <= MOST_BYTES;
  return isName ? { kind: 'dbus', name } : 'it needs a D-Bus name';
}

function httpEndpoint(text: string): Endpoint | string {
  if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text)) return 'it is not a URL';
  const { username, password, href } = new URL(text);
  if (username !== '' || password !== '') return 'a URL here can have no user name';
  return { kind: 'http', url: href };
}
