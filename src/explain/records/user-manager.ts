/**
 * The manager of one user, by the system's unit that it runs in: `user@1000.service` (user@.service(5)); undefined for
 * the system's own. A unit's name alone doesn't say whose it is: each user may have one of that name.
 */
export type UserManager = string | undefined;

/** @param user the user's ID */
export const managerOf = (user: number): UserManager => `user@${user}.service`;
