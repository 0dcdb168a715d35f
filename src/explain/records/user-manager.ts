import type { Context } from '../../system/context.js';

/**
 * The manager of one user, by the system's unit that it runs in: `user@1000.service` (user@.service(5)); undefined for
 * the system's own. A unit's name alone doesn't say whose it is: each user may have one of that name.
 */
export type UserManager = string | undefined;

/** The manager whose units are meant: the asking user's, or undefined for the system's. */
export const userManager = ({ placement, user }: Context): UserManager =>
  placement.scope === 'user' ? `user@${user}.service` : undefined;
