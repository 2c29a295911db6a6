// The lifecycle on Restate through its own XState integration: one virtual object per matching.
import { createServer } from 'node:http2';
import * as restate from '@restatedev/restate-sdk';
import { xstate } from '@restatedev/xstate';
import { lifecycle } from './lifecycle.mjs';

const endpoint = restate.createEndpointHandler({ services: [xstate('matching', lifecycle)] });
const server = createServer(endpoint);
server.listen(0, '127.0.0.1', () => process.send({ kind: 'ready', url: `http://127.0.0.1:${server.address().port}` }));
process.on('disconnect', () => process.exit(0));
