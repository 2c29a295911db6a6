// Bundles the service's own code into dist/: a start from it strips no types and opens a fifth of the files. Packages stay where they are.
import { defineConfig } from 'vite';

export default defineConfig({
  publicDir: false,
  ssr: { noExternal: ['ytsaurus-client'] },
  build: {
    ssr: true,
    target: 'node22',
    outDir: 'dist',
    emptyOutDir: true,
    minify: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { main: 'runtime/main.ts', cli: 'runtime/cli.ts', thread: 'jobs/thread.ts', 'checkpoint-thread': 'runtime/store/sqlite/checkpoint-thread.mjs' },
      // All beside each other, one step below the root as the folders of the sources are: what a module names relative to itself is found from either.
      output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
    },
  },
});
