// The lifecycle on DBOS: one workflow for each event, whose step moves the row and writes the transition in one PostgreSQL transaction.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { Pool } from 'pg';
import { createActor, getNextSnapshot } from 'xstate';
import { lifecycle } from './lifecycle.mjs';

const url = process.env.BENCH_POSTGRES;
const pool = new Pool({ connectionString: url, max: 48 });
await pool.query(`CREATE TABLE matchings (id uuid PRIMARY KEY, status text NOT NULL, version int NOT NULL);
  CREATE TABLE status_transitions (id uuid PRIMARY KEY, matching_id uuid NOT NULL, "from" text, "to" text NOT NULL, event text NOT NULL, created_at timestamptz NOT NULL)`);

async function inTransaction(work) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

function addTransition(client, { id, from, to, event }) {
  return client.query('INSERT INTO status_transitions VALUES ($1, $2, $3, $4, $5, now())', [randomUUID(), id, from, to, event]);
}

function create(id) {
  return inTransaction(async (client) => {
    const status = createActor(lifecycle).getSnapshot().value;
    await client.query('INSERT INTO matchings VALUES ($1, $2, 1)', [id, status]);
    await addTransition(client, { id, from: null, to: status, event: 'ENROLLED' });
    return status;
  });
}

function move(id, type) {
  return inTransaction(async (client) => {
    const { rows: [row] } = await client.query('SELECT status FROM matchings WHERE id = $1 FOR UPDATE', [id]);
    const snapshot = lifecycle.resolveState({ value: row.status, context: {} });
    const status = getNextSnapshot(lifecycle, snapshot, { type }).value;
    await client.query('UPDATE matchings SET status = $2, version = version + 1 WHERE id = $1', [id, status]);
    await addTransition(client, { id, from: row.status, to: status, event: type });
    return status;
  });
}

DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, runAdminServer: false, logLevel: 'error', systemDatabasePoolSize: 48 });
const dispatch = DBOS.registerWorkflow(
  (id, type) => DBOS.runStep(() => (type === 'ENROLLED' ? create(id) : move(id, type)), { name: 'move' }),
  { name: 'dispatch' },
);
await DBOS.launch();

const server = createServer((request, response) => {
  answer(request, response).catch((error) => response.destroy(error));
});
async function answer(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { id, type } = JSON.parse(Buffer.concat(chunks).toString());
  const reply = await dispatch(id, type).then((status) => [200, JSON.stringify({ status })], (error) => [500, String(error)]);
  response.writeHead(reply[0], { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(reply[1]) }).end(reply[1]);
}
server.listen(0, '127.0.0.1', () => process.send({ kind: 'ready', url: `http://127.0.0.1:${server.address().port}` }));
process.on('disconnect', () => process.exit(0));
