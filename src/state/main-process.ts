import type { UnitProperties } from '../system/system.js';

/** The most time between the fork of a process and its program, in milliseconds. */
export const START = 500;
export const mainPid = (properties: UnitProperties) => Number(properties.get('MainPID') ?? 0);
