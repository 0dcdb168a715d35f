/** Recordings of watches. */

import type { Placement } from './placement.js';
import { undoFolder } from './records.js';

/** The folder of the recordings of all units. */
export const recordingsRoot = (placement: Placement): string => `${undoFolder(placement)}/recordings`;

/**
 * The folder of a unit's recordings.
 * @param unit the full name, checked
 */
export const recordingsFolder = (placement: Placement, unit: string): string =>
  `${recordingsRoot(placement)}/${unit}`;

/**
 * The name of a recording's file, which sorts by the end of the watch: `20261128T024411Z-HOST-ID.json`.
 * @param end ISO 8601, UTC
 * @param host its name and its ID in hex
 * @param copy counts from 2 on where another recording has the name
 */
export function recordingName(end: string, host: { name: string; id: string }, copy = 1): string {
  const time = `${end.replace(/\.\d+/, '').replace(/[-:]/g, '')}`;
  const name = host.name.replace(/[^A-Za-z0-9.]/g, '-').slice(0, 64);
  return `${time}-${name}-${host.id.slice(0, 8)}${copy > 1 ? `-${copy}` : ''}.json`;
}

/** Whether a file has the name of a recording. */
export const isRecordingName = (name: string): boolean =>
  /^\d{8}T\d{6}Z-[A-Za-z0-9.-]+-[0-9a-f]{8}(?:-\d+)?\.json$/.test(name);

/** The end of the watch in the name of a recording's file, in milliseconds since 1970, rounded down to a second. */
export const endOfRecording = (name: string): number =>
  Date.parse(name.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z.*$/, '$1-$2-$3T$4:$5:$6Z'));
