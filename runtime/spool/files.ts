// The spool's file system: `<root>/<owner>/` holds the segments of one process under a lock that ends with it, `<root>/quarantine/` what
// could not be read. A crash leaves no name without its content: directories are synced whenever a name in them changes.
import { constants } from 'node:fs';
import { access, mkdir, open, readdir, readFile, rm, rmdir, truncate, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFile } from './lock-file.ts';

export interface SpoolFiles {
  /** Names of the directories of processes, dead and alive. */
  owners(): Promise<string[]>;
  /** A new directory, locked. */
  create(owner: string): Promise<SpoolDirectory>;
  /** Null while its process lives, or when it is gone. */
  claim(owner: string): Promise<SpoolDirectory | null>;
  /** Keeps bytes apart for somebody to look at; the same name again changes nothing. */
  setAside(name: string, bytes: Uint8Array): Promise<void>;
  /** How many are set apart. */
  countSetAside(): Promise<number>;
}

export interface SpoolDirectory {
  readonly owner: string;
  /** Names in the order in which they were made. */
  segments(): Promise<string[]>;
  read(segment: string): Promise<Uint8Array>;
  /** A new one. */
  open(segment: string): Promise<SegmentFile>;
  cut(segment: string, sizeBytes: number): Promise<void>;
  remove(segment: string): Promise<void>;
  /** Gives up the lock, and the directory with it unless segments are left. */
  release(): Promise<void>;
}

export interface SegmentFile {
  /** Answers how many bytes were taken, which may be fewer than given. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  sync(): Promise<void>;
  cut(sizeBytes: number): Promise<void>;
  close(): Promise<void>;
}

const quarantine = 'quarantine';
const lockName = 'lock';
const segmentName = /^\d+\.log$/;

export function spoolFiles(root: string): SpoolFiles {
  return {
    owners: async () => (await namesIn(root)).filter((name) => name !== quarantine),
    create: async (owner) => {
      await makeDirectory(root);
      await mkdir(join(root, owner));
      await syncDirectory(root);
      const unlock = lockFile(join(root, owner, lockName));
      if (unlock === null) throw new Error('the lock of a new directory is taken');
      return directoryOf(root, owner, unlock);
    },
    claim: async (owner) => {
      const unlock = (await isThere(join(root, owner))) ? lockFile(join(root, owner, lockName)) : null;
      return unlock === null ? null : directoryOf(root, owner, unlock);
    },
    setAside: async (name, bytes) => {
      const directory = join(root, quarantine);
      await makeDirectory(directory);
      const file = await open(join(directory, name), 'w', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await syncDirectory(directory);
    },
    countSetAside: async () => (await namesIn(join(root, quarantine))).length,
  };
}

function directoryOf(root: string, owner: string, unlock: () => void): SpoolDirectory {
  const path = join(root, owner);
  return {
    owner,
    segments: async () => (await namesIn(path)).filter((name) => segmentName.test(name)).sort(),
    read: (segment) => readFile(join(path, segment)),
    open: async (segment) => {
      const file = await open(join(path, segment), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
      try {
        await syncDirectory(path);
      } catch (error) {
        await file.close();
        throw error;
      }
      return segmentFile(file);
    },
    cut: (segment, sizeBytes) => truncate(join(path, segment), sizeBytes),
    remove: async (segment) => {
      await rm(join(path, segment), { force: true });
      await syncDirectory(path);
    },
    release: async () => {
      try {
        if ((await namesIn(path)).some((name) => segmentName.test(name))) return;
        // Still under the lock: whoever meanwhile opened it will find no segment and no directory.
        await rm(join(path, lockName), { force: true });
        await rmdir(path).catch(ignoreRival);
      } finally {
        unlock();
      }
    },
  };
}

/** Another process put its own lock file there in between: it removes the directory. */
function ignoreRival(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error;
}

function segmentFile(file: FileHandle): SegmentFile {
  return {
    write: async (bytes, position) => (await file.write(bytes, 0, bytes.byteLength, position)).bytesWritten,
    sync: () => file.datasync(),
    cut: (sizeBytes) => file.truncate(sizeBytes),
    close: () => file.close(),
  };
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}

async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first !== undefined) await syncDirectory(join(first, '..'));
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
