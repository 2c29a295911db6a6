// A process that keeps one enrolment in a spool and then hangs, for the test to kill: <root of the spool> <matching id>.
import { parseMatchingId, parseProfileKey } from '../../../machines/ids.ts';
import { createLog } from '../../../runtime/log.ts';
import { createMetrics } from '../../../runtime/metrics.ts';
import { spoolFiles } from '../../../runtime/spool/files.ts';
import { openSpool } from '../../../runtime/spool/spool.ts';

const [root = '', id = ''] = process.argv.slice(2);
const spool = await openSpool({
  files: spoolFiles(root), owner: `holder-${process.pid}`, maxRecords: 10, maxBytes: 100_000, now: Date.now, log: createLog('silent'), metrics: createMetrics(),
});
const [matchingId, newbie] = [parseMatchingId(id), parseProfileKey('park-1_driver-1')];
if (matchingId === null || newbie === null) throw new TypeError('a matching id is expected');
await spool.keep({ matchingId, newbie, udid: null, profiles: [newbie], idempotencyKey: null });
process.stdout.write('kept\n');
setInterval(() => {}, 1_000);
