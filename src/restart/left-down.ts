import type { Change } from '../emit/changes.js';
import { isSystemds } from '../state/failure.js';
import type { Service } from '../state/service.js';
import { hasFailed } from '../state/service-run.js';

/**
 * Whether a service has failed since systemd could not start what its drop-in names, and the changes bring that file
 * back: the launcher, a filter or a program's script.
 */
export const isLeftDown = ({ state }: Service, changes: readonly Change[]): boolean =>
  hasFailed(state) && isSystemds(state) && changes.some((change) => isMissing(change, changes));

/** Whether a file is to be created that the present drop-in names. */
const isMissing = ({ kind, path }: Change, changes: readonly Change[]): boolean =>
  kind === 'create' && changes.some(({ before }) => before !== undefined && names(before.content, path));

const names = (content: Uint8Array, path: string): boolean =>
  new TextDecoder()
    .decode(content)
    .split(/[\s"=:]/)
    .includes(path);
