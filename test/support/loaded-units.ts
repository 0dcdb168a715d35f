import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unitObjectPath } from '../../src/unit/name.js';
import type { Box } from './box.js';

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
 * Properties of many units as busctl(1) reads them, in the order asked for.
 * @param properties `Interface.Property` with the interface's last word: `Service.Nice`
 */
export async function unitProperties(
  box: Box,
  units: readonly string[],
  properties: readonly string[],
): Promise<unknown[][]> {
  const faces = [...new Set(properties.map((property) => property.split('.')[0]!))];
  const tables = await Promise.all(faces.map((face) => interfaceProperties(box, units, face)));
  return units.map((unit, i) =>
    properties.map((property) => {
      const [face, name] = property.split('.') as [string, string];
      const table = tables[faces.indexOf(face)]![i]!;
      assert.ok(table.has(name), `${unit} has no ${property}`);
      return table.get(name);
    }),
  );
}

/** All properties of units in one interface, which is named by its last word: `Service`. */
export async function interfaceProperties(
  box: Box,
  units: readonly string[],
  face: string,
): Promise<ReadonlyMap<string, unknown>[]> {
  const get = 'org.freedesktop.DBus.Properties GetAll s org.freedesktop.systemd1';
  const questions = units.map(
    (unit) => `busctl --json=short call org.freedesktop.systemd1 ${unitObjectPath(unit)} ${get}.${face}`,
  );
  const lines = (await box.succeed(['sh', '-e'], { input: questions.join('\n') })).trimEnd().split('\n');
  return lines.map((line) => {
    const [found] = JSON.parse(line).data as [Record<string, { readonly data: unknown }>];
    return new Map(Object.entries(found).map(([name, { data }]) => [name, data]));
  });
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
