import type { System } from '../../machine/system.js';

export const exists = async (system: System, path: string): Promise<boolean> =>
  (await system.read(path, { limit: 0, head: true })) !== undefined;
