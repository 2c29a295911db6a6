// The shared suites on the YDB adapter, against the local server.
import { lockSuite } from '../../suites/lock-suite.ts';
import { retentionSuite } from '../../suites/retention-suite.ts';
import { storeSuite } from '../../suites/store-suite.ts';
import { tasksSuite } from '../../suites/tasks-suite.ts';
import { openOnLocalServer } from './ydb-stores.ts';

storeSuite('ydb', openOnLocalServer);
tasksSuite('ydb', openOnLocalServer);
lockSuite('ydb', openOnLocalServer);
retentionSuite('ydb', openOnLocalServer);
