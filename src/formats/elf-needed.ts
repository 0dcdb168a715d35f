import { elfMachine } from './elf.js';
import { DT, ElfTables } from './elf-tables.js';

/**
 * The libraries that are loaded along with a program, by name (DT_NEEDED in elf(5)). None for what is no 64-bit ELF file,
 * or contradicts itself.
 * @param bytes the whole file
 */
export function neededBy(bytes: Uint8Array): readonly string[] {
  if (elfMachine(bytes) === undefined || bytes[4] !== 2) return [];
  try {
    return new Needed(bytes).names();
  } catch (e) {
    if (e instanceof RangeError) return [];
    throw e;
  }
}

class Needed extends ElfTables {
  names(): readonly string[] {
    return this.texts(DT.needed);
  }
}
