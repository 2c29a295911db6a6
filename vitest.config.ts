import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'runtime/ytsaurus-client/test/**/*.test.ts'],
    pool: 'forks',
    // node:sqlite says at every start that it is experimental.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
