// The shared suites on SQLite.
import { rmSync } from 'node:fs';
import { realTime } from '../../../runtime/clock.ts';
import { openSqliteStore } from '../../../runtime/store/sqlite/store.ts';
import { lockSuite } from '../../suites/lock-suite.ts';
import { retentionSuite } from '../../suites/retention-suite.ts';
import { suiteStartMs } from '../../suites/records.ts';
import { storeSuite } from '../../suites/store-suite.ts';
import type { RetainingStore } from '../../suites/store-under-test.ts';
import { tasksSuite } from '../../suites/tasks-suite.ts';
import { freshFile } from './files.ts';

async function open(): Promise<RetainingStore> {
  const { file, directory } = freshFile();
  let databaseMs = suiteStartMs;
  const opened = openSqliteStore({ file, timescale: realTime, databaseNowMs: () => databaseMs });
  await opened.store.migrate();
  return {
    ...opened,
    passTime: (ms) => {
      databaseMs += ms;
    },
    close: async () => {
      await opened.store.close();
      rmSync(directory, { recursive: true });
    },
  };
}

storeSuite('sqlite', open);
tasksSuite('sqlite', open);
lockSuite('sqlite', open);
retentionSuite('sqlite', open);
