// The simulation's store keeps what every store promises: the shared suites.
import { lockSuite } from '../suites/lock-suite.ts';
import { suiteStartMs } from '../suites/records.ts';
import { retentionSuite } from '../suites/retention-suite.ts';
import { storeSuite } from '../suites/store-suite.ts';
import type { RetainingStore } from '../suites/store-under-test.ts';
import { tasksSuite } from '../suites/tasks-suite.ts';
import { Transactions } from './memory-store/access.ts';
import { openMemoryStore } from './memory-store/store.ts';
import { Tables } from './memory-store/tables.ts';

async function open(): Promise<RetainingStore> {
  let databaseMs = suiteStartMs;
  const opened = openMemoryStore(new Transactions(new Tables(), () => databaseMs));
  return {
    ...opened,
    passTime: (ms) => {
      databaseMs += ms;
    },
    close: () => opened.store.close(),
  };
}

storeSuite('memory', open);
tasksSuite('memory', open);
lockSuite('memory', open);
retentionSuite('memory', open);
