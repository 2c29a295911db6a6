// The client library as one module. Its "esm" build is CommonJS under another name, of which named imports fail in Node and the default
// import depends on the loader; `require` gives the one build that everybody gets alike.
import { createRequire } from 'node:module';
import type * as Library from 'ydb-sdk';

const require = createRequire(import.meta.url);

let loaded: typeof Library | null = null;

/** Loaded at the first call: it takes a quarter of the service's start and a tenth of its memory, and not everybody keeps data in YDB. */
export function ydb(): typeof Library {
  // `require` looks for the file anew each time.
  loaded ??= require('ydb-sdk') as typeof Library;
  return loaded;
}
