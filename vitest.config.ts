import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import type { Reporter } from 'vitest/node';

/** A test that passed at its second try says here what the first one failed of. */
const firstTries: Reporter = {
  onTestCaseResult(test) {
    if (test.diagnostic()?.flaky !== true) return;
    for (const { stack, message } of test.result().errors ?? []) process.stderr.write(`passed at a second try: ${test.fullName}\n${stack ?? message}\n`);
  },
};

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'runtime/ytsaurus-client/test/**/*.test.ts'],
    globalSetup: 'test/build.ts',
    pool: 'forks',
    // Most tests wait for sockets and timers: one more at once than there are processors.
    maxWorkers: availableParallelism() + 1,
    // node:sqlite says at every start that it is experimental.
    execArgv: ['--disable-warning=ExperimentalWarning', '--experimental-async-context-frame'],
    // Whole programmes run against real sockets and timers: where nobody watches, a machine that stopped for a moment gets a second look.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    reporters: ['default', firstTries],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
