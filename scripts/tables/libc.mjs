/**
 * The system calls that functions of the C library lead to, from the libraries of Debian's releases: all that any of them
 * makes on x86-64, and what stands in for these on machines that lack them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { Unavailable } from './compiler.mjs';

const SUITES = ['bullseye', 'bookworm', 'trixie', 'forky'];

/** Calls that newer machines, such as arm64, lack, and those that their libraries make instead. */
const STAND_INS = {
  ...{
    access: 'faccessat',
    alarm: 'setitimer',
    chmod: 'fchmodat',
    chown: 'fchownat',
    creat: 'openat',
    dup2: 'dup3',
  },
  ...{ epoll_create: 'epoll_create1', epoll_wait: 'epoll_pwait', eventfd: 'eventfd2', fork: 'clone' },
  ...{ futimesat: 'utimensat', getdents: 'getdents64', getpgrp: 'getpgid', inotify_init: 'inotify_init1' },
  ...{
    lchown: 'fchownat',
    link: 'linkat',
    lstat: 'newfstatat',
    mkdir: 'mkdirat',
    mknod: 'mknodat',
    open: 'openat',
  },
  ...{
    pause: 'ppoll',
    pipe: 'pipe2',
    poll: 'ppoll',
    readlink: 'readlinkat',
    rename: 'renameat',
    rmdir: 'unlinkat',
  },
  ...{
    select: 'pselect6',
    signalfd: 'signalfd4',
    stat: 'newfstatat',
    symlink: 'symlinkat',
    time: 'clock_gettime',
  },
  ...{ unlink: 'unlinkat', utime: 'utimensat', utimes: 'utimensat', vfork: 'clone' },
};

/** Libraries by their files' names, and what runs in any program. */
const LIBCS = {
  glibc: {
    file: /-gnu\/(?:ld|lib(?:c|pthread|rt|dl|m|resolv|util|anl|nsl))(?:-2\.31|-linux[-\w]*)?\.so(?:\.\d+)*$/,
    main: /\/(?:ld|libc|libpthread)[-.]/,
    start: [
      '__libc_start_main',
      '__libc_early_init',
      '__pthread_initialize_minimal',
      'exit',
      '_exit',
      'abort',
    ],
  },
  musl: {
    file: /-musl\/libc\.so$/,
    main: /libc\.so$/,
    start: ['__dls2', '__dls2b', '__dls3', '__libc_start_main', 'exit', '_exit', 'abort'],
  },
};

/** Functions that hand the number of their call to all threads, in memory. */
const SET_IDS = ['setuid', 'setgid', 'setreuid', 'setregid', 'setresuid', 'setresgid', 'setgroups'];

/** The program's own reading of ELF files and their code. */
function analysis() {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-unit-tables-'));
  try {
    const outfile = join(folder, 'analysis.cjs');
    const source = (path) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
    const contents = [
      'systemd/formats/elf-image',
      'learn/profile/reachable/c-library',
      'learn/profile/reachable/reach',
      'seccomp/syscalls/numbers',
    ]
      .map((path) => `export * from '${source(path)}.ts';`)
      .join('\n');
    buildSync({
      stdin: { contents, resolveDir: folder, loader: 'ts' },
      bundle: true,
      platform: 'node',
      outfile,
    });
    return createRequire(import.meta.url)(outfile);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Unpacks a release's C libraries, unless they are there. */
function unpack(folder, suite) {
  const root = join(folder, suite);
  if (existsSync(root)) return root;
  mkdirSync(folder, { recursive: true });
  const building = mkdtempSync(join(folder, 'building-'));
  const options = [
    ...[
      '--mode=root',
      '--format=directory',
      '--skip=check/empty',
      '--variant=extract',
      '--include=libc6,musl',
    ],
    ...['--architectures=amd64', '--aptopt=Acquire::Check-Valid-Until "false"'],
    `--aptopt=APT::Default-Release "${suite}"`,
  ];
  const { status, error } = spawnSync('mmdebstrap', [...options, suite, building], { stdio: 'ignore' });
  if (status !== 0) {
    rmSync(building, { recursive: true });
    throw new Unavailable(`no C libraries of ${suite}${error ? `: ${error.message}` : ''}`);
  }
  renameSync(building, root);
  return root;
}

const filesBelow = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });

/** The version as the package's documentation, which is by its name, doesn't have it: from the library's own text. */
function versionOf(kind, path) {
  const text = readFileSync(path, 'latin1');
  return kind === 'glibc'
    ? /GNU C Library[^\n]*version (\d+\.\d+)/.exec(text)?.[1]
    : /\0(1\.\d+\.\d+)[\w-]*\0/.exec(text)?.[1];
}

function add(sets, key, members) {
  const set = sets.get(key) ?? new Set();
  for (const member of members) {
    set.add(member);
    if (STAND_INS[member]) set.add(STAND_INS[member]);
  }
  sets.set(key, set);
}

/** Adds what one release's library does. */
function addLibrary({ readImage, cLibraryGraph, numbersOf, reach, reachFrom }, kind, paths, found) {
  const { main, start } = LIBCS[kind];
  const names = new Map([...numbersOf('x86-64')].map(([name, number]) => [number, name]));
  const named = ({ numbers }) => [...numbers].flatMap((number) => names.get(number) ?? []);
  const mainFirst = paths.toSorted((a, b) => Number(main.test(b)) - Number(main.test(a)));
  const graphs = mainFirst.map((path) => cLibraryGraph(kind, readImage(readFileSync(path))));
  add(
    found.start,
    '',
    named(reach({ libraries: graphs.slice(0, paths.filter((path) => main.test(path)).length) })),
  );
  for (const name of start) add(found.start, '', named(reachFrom(graphs, name)));
  for (const name of new Set(graphs.flatMap(({ image }) => [...image.exports.keys()]))) {
    add(found.functions, name, named(reachFrom(graphs, name)));
    if (SET_IDS.includes(name)) add(found.functions, name, [name]);
  }
  const [first] = mainFirst.filter((path) => /\/libc[-.]/.test(path));
  found.versions.push(versionOf(kind, first));
}

/** Rows `LIBC start: CALL …` and `LIBC FUNCTION …: CALL …`, without the calls of the start; functions without others aren't there. */
function rowsOf(kind, { start, functions }) {
  const always = start.get('');
  const groups = new Map();
  for (const [name, calls] of functions) {
    const others = [...calls].filter((call) => !always.has(call)).sort();
    if (others.length > 0) groups.set(others.join(' '), [...(groups.get(others.join(' ')) ?? []), name]);
  }
  const rows = [...groups].map(([calls, names]) => `${kind} ${names.sort().join(' ')}: ${calls}`).sort();
  return [`${kind} start: ${[...always].sort().join(' ')}`, ...rows];
}

/** @param folder where the releases' libraries are unpacked, or will be: 60 MB. */
export function libcTable(folder) {
  const tools = analysis();
  const kinds = Object.keys(LIBCS).map((kind) => [
    kind,
    { start: new Map(), functions: new Map(), versions: [] },
  ]);
  for (const suite of SUITES) {
    const files = filesBelow(unpack(folder, suite));
    for (const [kind, found] of kinds)
      addLibrary(
        tools,
        kind,
        files.filter((path) => LIBCS[kind].file.test(path)),
        found,
      );
  }
  const versions = kinds.map(([kind, found]) => `${kind} ${[...new Set(found.versions)].join(' ')}`);
  return { source: versions.join(', '), rows: kinds.flatMap(([kind, found]) => rowsOf(kind, found)) };
}
