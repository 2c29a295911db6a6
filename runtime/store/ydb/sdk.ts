// The client library as one module. Its "esm" build is CommonJS under another name, of which named imports fail in Node and the default
// import depends on the loader; `require` gives the one build that everybody gets alike.
import { createRequire } from 'node:module';
import type * as Library from 'ydb-sdk';

const loaded: unknown = createRequire(import.meta.url)('ydb-sdk');

export const ydb = loaded as typeof Library;
