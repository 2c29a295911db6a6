// A disk in memory for the spool: forgets what was not synced when a process or the machine dies, and fails on request.
import type { SegmentFile, SpoolDirectory, SpoolFiles } from '../../runtime/spool/files.ts';

/** What the next calls meet, in order. */
export type DiskFault =
  | { readonly call: 'write'; readonly kind: 'no_space' | 'short' }
  | { readonly call: 'sync'; readonly kind: 'failed' }
  | { readonly call: 'open' | 'remove' | 'read' | 'create'; readonly kind: 'failed' };

interface FileImage {
  bytes: Buffer;
  syncedBytes: number;
}
interface DirectoryImage {
  readonly files: Map<string, FileImage>;
  holder: string | null;
}

export class MemoryDisk {
  readonly directories = new Map<string, DirectoryImage>();
  readonly setAside = new Map<string, Buffer>();
  faults: DiskFault[] = [];
  /** Calls that changed something, as they were made. */
  readonly calls: string[] = [];

  /** The disk as one process sees it. */
  filesOf(process: string): SpoolFiles {
    return {
      owners: async () => [...this.directories.keys()],
      create: async (owner) => {
        this.#meet('create');
        this.directories.set(owner, { files: new Map(), holder: process });
        return this.#directory(owner, process);
      },
      claim: async (owner) => {
        const image = this.directories.get(owner);
        if (image === undefined || image.holder !== null) return null;
        image.holder = process;
        return this.#directory(owner, process);
      },
      setAside: async (name, bytes) => void this.setAside.set(name, Buffer.from(bytes)),
      countSetAside: async () => this.setAside.size,
    };
  }

  /** SIGKILL: its locks are free, and what the kernel was given stays. */
  kill(process: string): void {
    for (const image of this.directories.values()) if (image.holder === process) image.holder = null;
  }

  /** Power loss: of each file what was synced stays, and `kept` bytes more. */
  losePower(kept = 0): void {
    for (const image of this.directories.values()) {
      image.holder = null;
      for (const file of image.files.values()) file.bytes = file.bytes.subarray(0, file.syncedBytes + kept);
    }
  }

  /** Every segment there is, by `owner/name`. */
  segments(): Map<string, FileImage> {
    return new Map([...this.directories].flatMap(([owner, { files }]) => [...files].map(([name, file]) => [`${owner}/${name}`, file] as const)));
  }

  #meet(call: DiskFault['call']): DiskFault | null {
    const fault = this.faults[0];
    if (fault?.call !== call) return null;
    this.faults.shift();
    if (fault.kind === 'failed') throw Object.assign(new Error(`${call} failed`), { code: 'EIO' });
    if (fault.kind === 'no_space') throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    return fault;
  }

  #directory(owner: string, process: string): SpoolDirectory {
    const image = this.directories.get(owner);
    if (image === undefined) throw new TypeError('the directory is gone');
    const fileOf = (name: string): FileImage => {
      if (image.holder !== process) throw new TypeError('a process that does not hold the lock touched the directory');
      const file = image.files.get(name);
      if (file === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return file;
    };
    return {
      owner,
      segments: async () => [...image.files.keys()].sort(),
      read: async (name) => {
        this.#meet('read');
        return Buffer.from(fileOf(name).bytes);
      },
      open: async (name) => {
        this.#meet('open');
        image.files.set(name, { bytes: Buffer.alloc(0), syncedBytes: 0 });
        return this.#file(`${owner}/${name}`, () => fileOf(name));
      },
      cut: async (name, sizeBytes) => cut(fileOf(name), sizeBytes),
      remove: async (name) => {
        this.#meet('remove');
        this.calls.push(`remove ${owner}/${name}`);
        image.files.delete(name);
      },
      release: async () => {
        image.holder = null;
        if (image.files.size === 0) this.directories.delete(owner);
      },
    };
  }

  #file(place: string, image: () => FileImage): SegmentFile {
    return {
      write: async (bytes, position) => {
        const fault = this.#meet('write');
        const file = image();
        const taken = Buffer.from(fault?.kind === 'short' ? bytes.subarray(0, Math.ceil(bytes.byteLength / 2)) : bytes);
        file.bytes = Buffer.concat([file.bytes.subarray(0, position), taken, file.bytes.subarray(position + taken.byteLength)]);
        this.calls.push(`write ${place}`);
        return taken.byteLength;
      },
      sync: async () => {
        this.#meet('sync');
        image().syncedBytes = image().bytes.byteLength;
        this.calls.push(`sync ${place}`);
      },
      cut: async (sizeBytes) => cut(image(), sizeBytes),
      close: async () => {},
    };
  }
}

function cut(file: FileImage, sizeBytes: number): void {
  file.bytes = file.bytes.subarray(0, sizeBytes);
  file.syncedBytes = Math.min(file.syncedBytes, sizeBytes);
}
