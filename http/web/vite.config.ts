// Builds the pages into http/web/dist: plain files and, beside each, its brotli and gzip form, so that serving compresses nothing.
import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const root = import.meta.dirname;

/** Every folder with an index.html is a page. */
const pages = Object.fromEntries(
  globSync('*/index.html', { cwd: root, exclude: ['dist/**'] }).map((file) => [basename(dirname(file)), join(root, file)]),
);

const encoders = { br: promisify(brotliCompress), gz: promisify(gzip) };
const compressible = /\.(?:js|css|html|svg|json|txt)$/;

function precompress(): Plugin {
  return {
    name: 'precompress',
    async writeBundle({ dir = '' }, bundle) {
      const files = Object.values(bundle).filter(({ fileName }) => compressible.test(fileName));
      await Promise.all(files.flatMap((file) => Object.entries(encoders).map(async ([suffix, encode]) => {
        const content = Buffer.from(file.type === 'chunk' ? file.code : file.source);
        await writeFile(join(dir, `${file.fileName}.${suffix}`), await encode(content));
      })));
    },
  };
}

/** The renderer of the API reference calls its content the document's main part; on our page it stands inside one. */
function innerMain(): Plugin {
  return {
    name: 'inner-main',
    transform: (code, id) => (id.includes('openapi-explorer') ? code.replaceAll('<main ', '<section ').replaceAll('</main>', '</section>') : null),
  };
}

export default defineConfig({
  root,
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    // A data: URL would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: pages },
  },
  plugins: [innerMain(), precompress()],
});
