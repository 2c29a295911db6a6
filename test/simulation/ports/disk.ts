// The spool's disk as one life of an instance reaches it: each write and each sync takes a moment, and the process may die between them.
import type { SegmentFile, SpoolDirectory, SpoolFiles } from '../../../runtime/spool/files.ts';
import type { MemoryDisk } from '../../suites/memory-disk.ts';
import { strike, type Line } from './calls.ts';

export function diskPort(line: Line, disk: MemoryDisk, process: string): SpoolFiles {
  const { timeline, random } = line.world;
  const slow = <Result>(what: string, work: () => Promise<Result>): Promise<Result> => {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    timeline.schedule(random.between(0, 5), () => {
      line.world.note(`${line.owner.name} spool ${what}`);
      const tell = (answer: () => void): void => void timeline.schedule(0, answer, line.owner);
      work().then((value) => tell(() => resolve(value)), (error: unknown) => tell(() => reject(error)));
    }, line.owner);
    return promise;
  };
  const file = (segment: SegmentFile): SegmentFile => ({
    ...segment,
    write: (bytes, position) => slow('write', () => segment.write(bytes, position)),
    sync: () => slow('sync', async () => {
      await segment.sync();
      strike(line);
    }),
  });
  const directory = (held: SpoolDirectory): SpoolDirectory => ({ ...held, open: async (segment) => file(await held.open(segment)) });
  const files = disk.filesOf(process);
  return {
    ...files,
    create: async (owner) => directory(await files.create(owner)),
    claim: async (owner) => {
      const held = await files.claim(owner);
      return held === null ? null : directory(held);
    },
  };
}
