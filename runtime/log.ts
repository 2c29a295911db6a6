// Structured logs. Redaction is a second net: the first is that no call site passes personal data at all.
import { mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { pino, type DestinationStream, type Logger } from 'pino';
import { ServiceError } from './errors.ts';
import { lineFile, LineStream } from './log-lines.ts';
import { currentTraceId } from './trace.ts';

export type Log = Logger;

const personal = ['phone', 'name', 'full_name', 'fullName', 'lat', 'lon', 'position', 'ip', 'authorization', 'token', 'city'];

/** Writes one JSON line per event to standard output, or to `destination`. */
export function createLog(level: string, destination: DestinationStream = standardOutput()): Log {
  const paths = personal.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: () => {
      const traceId = currentTraceId();
      return traceId === null ? {} : { trace_id: traceId };
    },
    redact: { paths, censor: '[redacted]' },
  };
  return pino(options, destination);
}

let output: LineStream | null = null;

/** One for all logs of the thread. */
function standardOutput(): DestinationStream {
  if (output !== null) return output;
  const opened = new LineStream(1);
  process.once('exit', () => opened.flush());
  output = opened;
  return opened;
}

/** For programs whose standard output is their answer. */
export function standardError(): DestinationStream {
  return lineFile(2);
}

/** Appends to a file, which is made when missing. Throws `bad_config` when it cannot be opened. */
export function logFile(path: string): DestinationStream {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return lineFile(openSync(path, 'a'));
  } catch (cause) {
    throw new ServiceError('bad_config', 'LOG_FILE: cannot be opened for writing', { cause });
  }
}
