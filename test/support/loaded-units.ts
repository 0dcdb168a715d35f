import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Box } from './box.js';
import { unitValues } from './bus-in-box.js';

/** Contents by path; undefined removes what is there. */
export type Files = Readonly<Record<string, string | Uint8Array | undefined>>;

/** Where a box's file is, as this machine sees it. */
export const outside = (box: Box, path: string): string => join(`/proc/${box.pid}/root`, path);

/** Puts many files into a box at once and lets systemd read its unit files again. */
export async function changeFiles(box: Box, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const place = outside(box, path);
    if (content === undefined) {
      rmSync(place, { recursive: true, force: true });
    } else {
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, content);
    }
  }
  await box.succeed(['systemctl', 'daemon-reload']);
}

/**
 * Properties of many units, in the order asked for.
 * @param properties `Interface.Property` with the interface's last word: `Service.Nice`
 */
export async function unitProperties(
  box: Box,
  units: readonly string[],
  properties: readonly string[],
): Promise<unknown[][]> {
  const names = properties.map((property) => property.split('.') as [face: string, name: string]);
  const asked = units.flatMap((unit) => names.map(([face, name]) => [unit, face, name] as const));
  const values = await unitValues(box, asked);
  return units.map((_, i) => values.slice(i * names.length, (i + 1) * names.length));
}

/** A command as the property ExecStartEx has it. */
export interface BusCommand {
  readonly path: string;
  readonly argv: readonly string[];
  /** In alphabetical order. */
  readonly flags: readonly string[];
}

/** The value of ExecStartEx and its like. */
export const busCommands = (value: unknown): BusCommand[] =>
  (value as [string, string[], string[]][]).map(([path, argv, flags]) => ({
    path,
    argv,
    flags: [...flags].sort(),
  }));

/** A command that is behind a launcher. */
export interface LaunchedCommand {
  readonly launcher: string;
  /** Its options, less the one that names the program. */
  readonly options: readonly string[];
  /** What it becomes: the path and the arguments, `$` in them as systemd takes it in a command without launcher. */
  readonly becomes: BusCommand;
}

/** Takes a command of the form `LAUNCHER OPTION… [--argv0=NAME] -- PATH ARGUMENT…` apart. */
export function launched({ path: launcher, argv, flags }: BusCommand): LaunchedCommand {
  const end = argv.indexOf('--');
  assert.ok(end > 0 && argv[0] === launcher, `no launcher: ${JSON.stringify(argv)}`);
  const words = argv.slice(1, end);
  const isName = (word: string) => word.startsWith(NAME);
  const [program = '', ...rest] = argv.slice(end + 1);
  const path = flags.includes('no-env-expand') ? program : program.replaceAll('$$', '$');
  const argv0 = words.find(isName)?.slice(NAME.length) ?? path;
  return {
    launcher,
    options: words.filter((word) => !isName(word)),
    becomes: { path: simplePath(path), argv: [argv0, ...rest], flags },
  };
}

const NAME = '--argv0=';

/** A path as systemd simplifies it. */
export const simplePath = (path: string): string => path.replace(/\/+/g, '/');
