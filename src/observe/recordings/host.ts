/** Facts of the machine that a recording has beside what was seen. */
import { inBatches } from '../../collections.js';
import { printable } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { sha256OfBytes } from '../../machine/digest.js';
import { orElse } from '../../machine/state/failures.js';
import { sha256 } from '../../machine/state/files-hash.js';
import { HEAD_SIZE, readProgram } from '../../systemd/formats/elf.js';
import type { NamespaceOf, RootView } from '../../systemd/unit/view.js';
import type { RecordedHost } from '../recording/recording.js';

/** Largest program that is read, in bytes: a service may execute a file of any size, and twice that is held in memory. */
const MAX_PROGRAM = 256 << 20;

/** Programs that are read at once: they may be large. */
const READ_AT_ONCE = 1;

/** Digits of a host's ID in hex. */
const ID_LENGTH = 32;

/**
 * This machine.
 * @param program the path of the service's main program, as the service sees it
 * @param from the file tree that the service sees
 * @throws UserError `systemd-version` and others where the manager can't be asked
 */
export async function recordedHost(
  context: Context,
  program?: string,
  from?: RootView | NamespaceOf,
): Promise<RecordedHost> {
  const { version, architecture } = await context.system.manager();
  const [name, kernel, machine] = await Promise.all(
    ['/proc/sys/kernel/hostname', '/proc/sys/kernel/osrelease', '/etc/machine-id'].map((path) =>
      lineOf(context, path),
    ),
  );
  return {
    name: shown(name ?? 'localhost'),
    id: sha256(['sandbox-unit recording', machine ?? name ?? '']).slice(0, ID_LENGTH),
    kernel: shown(kernel ?? 'unknown'),
    systemd: shown(version),
    architecture,
    libc: program === undefined ? null : await libcOf(context, program, from),
  };
}

/** Text that a recording may have. */
const shown = (text: string): string => printable(text, 199) || 'unknown';

async function lineOf({ system }: Context, path: string): Promise<string | undefined> {
  const file = await orElse(() => system.read(path), undefined);
  const line = new TextDecoder().decode(file?.bytes).trim();
  return line === '' ? undefined : line;
}

/**
 * SHA-256 in hex of programs, by the paths that the service sees; of those that can be read.
 * @param from the file tree that the service sees
 */
export async function programHashes(
  context: Context,
  paths: readonly string[],
  from?: RootView | NamespaceOf,
): Promise<Map<string, string>> {
  const hashes = await inBatches(paths, READ_AT_ONCE, async (path) => {
    const bytes = await bytesOf(context, path, from, MAX_PROGRAM);
    return bytes && ([path, sha256OfBytes(bytes)] as const);
  });
  return new Map(hashes.filter((one) => one !== undefined));
}

/** A file as the service sees it; undefined if it can't be read. */
async function bytesOf(
  { system }: Context,
  path: string,
  from: RootView | NamespaceOf | undefined,
  limit: number,
  head = false,
): Promise<Uint8Array | undefined> {
  return orElse(async () => {
    const { real, content } = await system.walk(path, from);
    return content ?? (real === undefined ? undefined : (await system.read(real, { limit, head }))?.bytes);
  }, undefined);
}

/** glibc says its version in its own words, in libc.so.6 and in newer versions of ld.so, too. */
const GLIBC = /release version (\d{1,3}\.\d{1,3})/;

/**
 * The C library of a dynamic program, by its dynamic linker: `glibc 2.41`, or `musl`, which doesn't tell its version
 * where it could be found. Null for others.
 */
async function libcOf(
  context: Context,
  program: string,
  from: RootView | NamespaceOf | undefined,
): Promise<string | null> {
  const head = await bytesOf(context, program, from, HEAD_SIZE, true);
  const facts = head && readProgram(head);
  if (facts?.kind !== 'dynamic') return null;
  const { interpreter } = facts;
  if (/\/ld-musl-/.test(interpreter)) return 'musl';
  const walked = await orElse(() => context.system.walk(interpreter, from), undefined);
  // A mount namespace gives no path on the host.
  const [linker, seenFrom] = walked?.real === undefined ? [interpreter, from] : [walked.real, undefined];
  const library = `${linker.slice(0, linker.lastIndexOf('/'))}/libc.so.6`;
  for (const path of [library, linker]) {
    const bytes = await bytesOf(context, path, seenFrom, MAX_PROGRAM);
    const [, version] = GLIBC.exec(new TextDecoder('latin1').decode(bytes)) ?? [];
    if (version !== undefined) return `glibc ${version}`;
  }
  return null;
}
