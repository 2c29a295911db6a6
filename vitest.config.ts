import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

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
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
