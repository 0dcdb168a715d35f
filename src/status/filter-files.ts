/** The filter files of a unit, as those read them that load them. */

import { type Diagnostic, error } from '../diagnostic.js';
import type { DropInFacts } from '../emit/drop-in-facts.js';
import type { EmittedFile } from '../emit/files.js';
import { decodeFilterFile, type FilterFile } from '../filter/filter-file.js';
import { filterPath, readyFilterPath } from '../paths/own-files.js';
import type { Placement } from '../paths/placement.js';

/** A filter file that the drop-in needs, or that is there without. */
export interface OwnFilter {
  readonly path: string;
  /** Its programs, or why it can't be loaded; `missing` where it should be there, `unused` where nothing loads it. */
  readonly content: FilterFile | Diagnostic | 'missing' | 'unused';
}

/** The launcher's filter, and that of `[ready]`; undefined where there is neither a file nor a need of one. */
export interface OwnFilters {
  readonly start: OwnFilter | undefined;
  readonly ready: OwnFilter | undefined;
}

/** @param files the unit's own that there are */
export function ownFilters(
  placement: Placement,
  unit: string,
  { facts, files }: { readonly facts: DropInFacts; readonly files: readonly EmittedFile[] },
): OwnFilters {
  const look = (path: string, isUsed: boolean, isReady: boolean): OwnFilter | undefined => {
    const bytes = files.find((file) => file.path === path)?.content;
    if (!isUsed) return bytes && { path, content: 'unused' };
    return { path, content: bytes ? decoded(bytes, isReady) : 'missing' };
  };
  return {
    start: look(filterPath(placement, unit), facts.launched, false),
    ready: look(readyFilterPath(placement, unit), facts.tightened, true),
  };
}

/** The launcher refuses a file of stage `ready`, and `tighten` any other. */
function decoded(bytes: Uint8Array, isReady: boolean): FilterFile | Diagnostic {
  const file = decodeFilterFile(bytes);
  if (!('programs' in file) || (file.ready ?? false) === isReady) return file;
  return error('filter-file', `the filter file is ${isReady ? 'not ' : ''}of stage 'ready'`);
}
