/** A file of an initramfs, executable if it says so; its folders are made. */
export interface InitramfsFile {
  readonly content: Uint8Array;
  readonly mode?: number;
}

const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);

/** An entry of a cpio archive in the form `newc` (the kernel's early-userspace/buffer-format.rst). */
function entry(inode: number, path: string, mode: number, content: Uint8Array = new Uint8Array()): Buffer {
  const name = Buffer.from(`${path}\0`);
  const owner = [0, 0];
  const links = 1;
  const time = 0;
  const devices = [0, 0, 0, 0];
  const fields = [inode, mode, ...owner, links, time, content.length, ...devices, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(Buffer.from(content))]);
}

/** The folders above a path, the outermost first. */
function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** An initramfs of these files, by their paths without the first slash; everything belongs to root. */
export function initramfs(files: Readonly<Record<string, InitramfsFile>>): Buffer {
  const folders = [...new Set(Object.keys(files).flatMap(foldersOf))];
  const entries = [
    ...folders.map((path) => ({ path, mode: S_IFDIR | 0o755, content: undefined })),
    ...Object.entries(files).map(([path, { content, mode = 0o755 }]) => ({
      path,
      mode: S_IFREG | mode,
      content,
    })),
    { path: 'TRAILER!!!', mode: 0, content: undefined },
  ];
  return Buffer.concat(
    entries.map(({ path, mode, content }, index) => entry(index + 1, path, mode, content)),
  );
}
