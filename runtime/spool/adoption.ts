// What dead processes left in the spool: takes their locks, reads their segments, cuts off torn ends and sets damaged bytes apart.
import type { MatchingId } from '../../machines/ids.ts';
import type { Log } from '../log.ts';
import type { SpoolDirectory, SpoolFiles } from './files.ts';
import { readSegment } from './frames.ts';
import type { SegmentUse } from './journal.ts';
import { decode, type SpoolRecord } from './records.ts';

export interface Left {
  readonly records: readonly SpoolRecord[];
  readonly segments: readonly SegmentUse[];
  /** Places that held something unreadable. */
  readonly damaged: number;
}

/** `own` is ours and lives. A directory that cannot be read is given back, and its error thrown once the others have been read. */
export async function readLeft(files: SpoolFiles, own: ReadonlySet<string>, log: Log): Promise<Left> {
  const left: Left[] = [];
  const failures: unknown[] = [];
  for (const owner of await files.owners()) {
    const directory = own.has(owner) ? null : await files.claim(owner);
    if (directory === null) continue;
    try {
      const found = await readDirectory(files, directory, log);
      if (found.segments.length === 0) await directory.release();
      else left.push(found);
    } catch (error) {
      failures.push(error);
      await directory.release();
    }
  }
  if (left.length === 0 && failures.length > 0) throw failures[0];
  return { records: left.flatMap(({ records }) => records), segments: left.flatMap(({ segments }) => segments), damaged: left.reduce((sum, { damaged }) => sum + damaged, 0) };
}

async function readDirectory(files: SpoolFiles, directory: SpoolDirectory, log: Log): Promise<Left> {
  const records: SpoolRecord[] = [];
  const segments: SegmentUse[] = [];
  let damaged = 0;
  for (const name of await directory.segments()) {
    const bytes = await directory.read(name);
    const { payloads, damages, tornAt } = readSegment(bytes);
    const place = `${directory.owner}-${name}`;
    const unread: { readonly start: number; readonly bytes: Uint8Array }[] = damages.map(({ start, end }) => ({ start, bytes: bytes.subarray(start, end) }));
    const waiting = new Set<MatchingId>();
    for (const payload of payloads) {
      const record = decode(payload);
      if (record === null) unread.push({ start: payload.byteOffset - bytes.byteOffset, bytes: payload });
      else records.push(record);
      if (record?.type === 'enrolled') waiting.add(record.enrolment.matchingId);
    }
    for (const piece of unread) await files.setAside(`${place}-${piece.start}`, piece.bytes);
    if (unread.length > 0) log.error({ segment: place, places: unread.length }, 'the spool holds records that cannot be read; they are set apart');
    if (tornAt !== null) {
      log.warn({ segment: place, torn_bytes: bytes.byteLength - tornAt }, 'the last record of a spool was cut short by a crash and never acknowledged');
      await directory.cut(name, tornAt);
    }
    damaged += unread.length;
    segments.push({ directory, name, sizeBytes: tornAt ?? bytes.byteLength, waiting });
  }
  return { records, segments, damaged };
}
