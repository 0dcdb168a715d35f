import { printable } from '../../../diagnostic.js';
import type { Recording } from '../../../observe/recording/recording.js';

/** A recording that was added to those of its unit. */
export interface Merged {
  readonly file: string;
  readonly recording: Recording;
  readonly path: string;
  /** False if it was there before. */
  readonly isNew: boolean;
}

export const mergedText = (merged: readonly Merged[]): string =>
  merged
    .map(({ file, recording: { unit, host, end }, isNew }) => {
      const what = `${unit} on ${printable(host.name)}, until ${end}`;
      return `${printable(file)}: ${isNew ? 'added' : 'there already'} (${what})\n`;
    })
    .join('');

export const mergedJson = (unit: string, merged: readonly Merged[]) => ({
  unit,
  merged: merged.map(({ file, path, isNew }) => ({ file, path, isNew })),
});
