// One of several processes on one database file: brings the schema up to date, then counts one up, many times. Its only output is
// the versions it has applied.
import { parseMatchingId } from '../../../machines/ids.ts';
import { realTime } from '../../../runtime/clock.ts';
import { openSqliteStore } from '../../../runtime/store/sqlite/store.ts';

const [file, matching, times] = process.argv.slice(2);
const id = parseMatchingId(matching);
if (file === undefined || id === null) throw new TypeError('usage: contender <file> <matching id> <times>');

const { store } = openSqliteStore({ file, timescale: realTime });
const applied = await store.migrate();
for (let done = 0; done < Number(times); done += 1) {
  await store.transact(async (tx) => {
    const count = Number((await tx.jobState(id)) ?? '0');
    await tx.putJobState(id, String(count + 1));
  });
}
await store.close();
process.stdout.write(JSON.stringify(applied));
