import type { ElfImage } from '../../../systemd/formats/elf-image.js';

/** A word of the dynamic linker's configuration: a folder, or a pattern of further files. */
export interface LinkerWord {
  readonly isPattern: boolean;
  readonly text: string;
}

/** Reads a file of ldconfig(8), /etc/ld.so.conf or one that it includes: its folders and patterns in their order. */
export const parseLinkerConfig = (text: string): LinkerWord[] =>
  text.split('\n').flatMap((line): LinkerWord[] => {
    const words = line.replace(/#.*/, '').match(/[^\s,:]+/g) ?? [];
    if (words[0] === 'hwcap') return [];
    if (words[0] === 'include') return words.slice(1).map((word) => ({ isPattern: true, text: word }));
    const folders = words.filter((word) => word.startsWith('/'));
    return folders.map((word) => ({ isPattern: false, text: word.replace(/=.*/, '') }));
  });

/** Reads musl's list of folders, /etc/ld-musl-ARCH.path; without the file musl has folders of its own. */
export const parseMuslPath = (text: string): string[] =>
  text.split(/[\n:]/).filter((folder) => folder.startsWith('/'));

interface MachinePaths {
  /** Debian's name of the machine, in its folders. */
  readonly triplet: string;
  readonly musl: string;
  /** The folder that `$LIB` is in other distributions. */
  readonly wide: string;
}

const MACHINES: Readonly<Record<ElfImage['machine'], MachinePaths>> = {
  'x86-64': { triplet: 'x86_64-linux-gnu', musl: 'x86_64', wide: 'lib64' },
  arm64: { triplet: 'aarch64-linux-gnu', musl: 'aarch64', wide: 'lib64' },
};

/** The file that lists musl's folders. */
export const muslPathFile = (machine: ElfImage['machine']): string =>
  `/etc/ld-musl-${MACHINES[machine].musl}.path`;

/** The folders that a dynamic linker searches by default: Debian's, and those of others. */
export function defaultFolders(machine: ElfImage['machine'], library: 'glibc' | 'musl'): string[] {
  const { triplet, musl, wide } = MACHINES[machine];
  if (library === 'musl')
    return ['/lib', '/usr/local/lib', '/usr/lib', `/lib/${musl}-linux-musl`, `/usr/lib/${musl}-linux-musl`];
  return [`/lib/${triplet}`, `/usr/lib/${triplet}`, `/${wide}`, `/usr/${wide}`, '/lib', '/usr/lib'];
}

/**
 * The folders that a file names itself, for the libraries that it needs (ld.so(8), "Dynamic string tokens").
 * @param folder the file's own folder
 */
export function ownFolders({ searched, machine }: ElfImage, folder: string): string[] {
  const { triplet, wide } = MACHINES[machine];
  return searched.flatMap((path) => {
    const filled = path.replace(/\$(?:ORIGIN\b|\{ORIGIN\})/g, folder);
    const places = [`lib/${triplet}`, wide].map((place) => filled.replace(/\$(?:LIB\b|\{LIB\})/g, place));
    return [...new Set(places)].filter((place) => place.startsWith('/') && !place.includes('$'));
  });
}

/** Functions for which the C library loads the libraries of nsswitch.conf(5). */
const BY_NAME_SERVICE =
  /^_*(?:get(?:pw|gr|sp|sg)(?:nam|uid|gid|ent)|getgrouplist|initgroups|gethost|getaddrinfo|getnameinfo|getserv|getproto|getnet|getrpc|innetgr)/;

/** Whether a file asks the name services for users, groups, hosts, … */
export const usesNameServices = ({ imports }: ElfImage): boolean =>
  [...imports].some((name) => BY_NAME_SERVICE.test(name));

/** The libraries of all services that nsswitch.conf(5) names. */
export function nameServiceLibraries(text: string): string[] {
  const services = text.split('\n').flatMap((line) => {
    const [, list = ''] = /^\s*\w+\s*:([^#]*)/.exec(line) ?? [];
    return list.replace(/\[[^\]]*\]/g, ' ').match(/[\w.+-]+/g) ?? [];
  });
  return [...new Set(services)].map((service) => `libnss_${service}.so.2`);
}

/** The interpreter's library, by its path. */
export const isMusl = (interpreter: string): boolean => /\/ld-musl-[^/]*$/.test(interpreter);
