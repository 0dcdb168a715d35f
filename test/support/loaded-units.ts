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
  const questions = units.flatMap((unit) =>
    properties.map((property) => {
      const [face, name] = property.split('.');
      return `busctl --json=short get-property org.freedesktop.systemd1 ${unitObjectPath(unit)} org.freedesktop.systemd1.${face} ${name}`;
    }),
  );
  const lines = (await box.succeed(['sh', '-e'], { input: questions.join('\n') })).trimEnd().split('\n');
  const answers = lines.map((line) => JSON.parse(line).data as unknown);
  return units.map((_, i) => answers.slice(i * properties.length, (i + 1) * properties.length));
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
