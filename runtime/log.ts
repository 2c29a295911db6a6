// Structured logs. Redaction is a second net: the first is that no call site passes personal data at all.
import { pino, type DestinationStream, type Logger } from 'pino';
import { currentTraceId } from './trace.ts';

export type Log = Logger;

const personal = ['phone', 'name', 'full_name', 'fullName', 'lat', 'lon', 'position', 'ip', 'authorization', 'token', 'city'];

/** Writes one JSON line per event to standard output, or to `destination`. */
export function createLog(level: string, destination?: DestinationStream): Log {
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
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** For programs whose standard output is their answer. */
export function standardError(): DestinationStream {
  return pino.destination({ dest: 2, sync: true });
}

/** Appends to a file, which several threads may share: each line is written whole. */
export function logFile(path: string): DestinationStream {
  return pino.destination({ dest: path, mkdir: true, sync: true });
}
