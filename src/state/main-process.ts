import type { UnitProperties } from '../system/system.js';

/** What lies between the fork of a process and its program, at most, in milliseconds. */
export const START = 500;
export const mainPid = (properties: UnitProperties) => Number(properties.get('MainPID') ?? 0);
