// The thread of checkpoints.ts. JavaScript: a thread that has to strip types takes 30 MB for it.
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const database = new DatabaseSync(workerData);
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');

parentPort.on('message', (asked) => {
  if (asked === 'copy') {
    checkpoint.get();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort of node:worker_threads knows no origins
    parentPort.postMessage('copied');
    return;
  }
  database.close();
  parentPort.close();
});
