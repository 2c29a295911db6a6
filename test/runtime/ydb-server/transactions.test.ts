// What serializable transactions must not let happen, and what they let happen.
import { expect, test } from 'vitest';
import { Status } from '../../ydb-server/errors.ts';
import { oneShot, serializable } from './client.ts';
import { cells, type Running, running } from './running.ts';

const table = `CREATE TABLE doctors (id Uint64 NOT NULL, ward Utf8, on_call Bool, shifts Int64,
  INDEX by_ward GLOBAL SYNC ON (ward) COVER (on_call), PRIMARY KEY (id));`;
const broken = {
  status: Status.ABORTED,
  issues: [{ message: 'Transaction locks invalidated. Table: `/local/doctors`.', issueCode: 2001 }, { issueCode: 2001 }],
};

async function ward(): Promise<Running & {
  open: () => Promise<{ run: (text: string) => ReturnType<Running['client']['execute']>; commit: () => Promise<{ status: number }> }>,
}> {
  const world = await running();
  world.server.execute(table);
  world.server.execute('UPSERT INTO doctors (id, ward, on_call, shifts) VALUES (1, "a", true, 0), (2, "a", true, 0);');
  const open = async () => {
    const sessionId = await world.session();
    const { txId } = await world.client.execute(sessionId, 'SELECT 1', { tx: serializable });
    const run = (text: string) => world.client.execute(sessionId, text, { tx: { txId } });
    return { run, commit: () => world.client.unary<{ status: number }>('CommitTransaction', { sessionId, txId }) };
  };
  return { ...world, open };
}

test('prevents a lost update', async () => {
  const { server, open } = await ward();
  const [first, second] = [await open(), await open()];
  for (const tx of [first, second]) await tx.run('SELECT shifts FROM doctors WHERE id = 1');
  await first.run('UPSERT INTO doctors (id, shifts) VALUES (1, 1)');
  await second.run('UPSERT INTO doctors (id, shifts) VALUES (1, 7)');
  expect(await first.commit()).toMatchObject({ status: Status.SUCCESS });
  expect(await second.commit()).toMatchObject(broken);
  expect(server.tables.rows('doctors')[0]).toMatchObject({ shifts: 1n });
});

test('prevents write skew', async () => {
  const { server, open } = await ward();
  const [first, second] = [await open(), await open()];
  for (const tx of [first, second]) await tx.run('SELECT COUNT(*) AS n FROM doctors WHERE on_call');
  await first.run('UPDATE doctors SET on_call = false WHERE id = 1');
  await second.run('UPDATE doctors SET on_call = false WHERE id = 2');
  expect(await first.commit()).toMatchObject({ status: Status.SUCCESS });
  expect(await second.commit()).toMatchObject(broken);
  expect(server.tables.rows('doctors').filter(({ on_call: onCall }) => onCall === true)).toHaveLength(1);
});

test.each(['doctors WHERE id > 1', 'doctors VIEW by_ward WHERE ward = "a"'])('prevents a phantom in a range of %s', async (range) => {
  const { client, session, open } = await ward();
  const reader = await open();
  await reader.run(`SELECT COUNT(id) AS n FROM ${range}`);
  await client.execute(await session(), 'INSERT INTO doctors (id, ward) VALUES (9, "a")', { tx: oneShot });
  expect(await reader.run('UPSERT INTO doctors (id, shifts) VALUES (2, 5)')).toMatchObject(broken);
  expect(await reader.commit()).toMatchObject({ status: Status.NOT_FOUND });
});

test('sees a deleted row as a conflict too', async () => {
  const { server, open } = await ward();
  const reader = await open();
  await reader.run('SELECT * FROM doctors WHERE id = 2');
  server.execute('DELETE FROM doctors WHERE id = 2');
  await reader.run('SELECT 1');
  expect(await reader.run('UPSERT INTO doctors (id, shifts) VALUES (1, 5)')).toMatchObject(broken);
});

test('lets writers of other rows and other ranges pass', async () => {
  const { server, open } = await ward();
  const tx = await open();
  await tx.run('SELECT * FROM doctors WHERE id = 1');
  await tx.run('SELECT id FROM doctors VIEW by_ward WHERE ward = "b"');
  server.execute('UPSERT INTO doctors (id, ward, shifts) VALUES (2, "a", 3)');
  await tx.run('UPSERT INTO doctors (id, shifts) VALUES (1, 1)');
  expect(await tx.commit()).toMatchObject({ status: Status.SUCCESS });
});

test('lets two blind writes of one row both commit, the last one winning', async () => {
  const { server, open } = await ward();
  const [first, second] = [await open(), await open()];
  await first.run('UPSERT INTO doctors (id, shifts) VALUES (1, 1)');
  await second.run('UPSERT INTO doctors (id, shifts) VALUES (1, 2)');
  expect(await second.commit()).toMatchObject({ status: Status.SUCCESS });
  expect(await first.commit()).toMatchObject({ status: Status.SUCCESS });
  expect(server.tables.rows('doctors')[0]).toMatchObject({ shifts: 1n, ward: 'a' });
});

test('reads one snapshot to the end and never aborts a reader', async () => {
  const { server, open } = await ward();
  const reader = await open();
  const before = await reader.run('SELECT shifts FROM doctors ORDER BY id');
  server.execute('UPSERT INTO doctors (id, shifts) VALUES (1, 100)');
  const after = await reader.run('SELECT shifts FROM doctors ORDER BY id');
  expect(cells(after.sets[0]!.rows)).toEqual(cells(before.sets[0]!.rows));
  expect(await reader.commit()).toMatchObject({ status: Status.SUCCESS });
});

test('shows a transaction its own writes, by key, by range and by index', async () => {
  const { open } = await ward();
  const tx = await open();
  await tx.run(
    'UPSERT INTO doctors (id, ward) VALUES (3, "a"); UPDATE doctors SET ward = "b" WHERE id = 1; DELETE FROM doctors WHERE id = 2;',
  );
  const { sets } = await tx.run(
    'SELECT ward FROM doctors WHERE id = 1; SELECT id FROM doctors ORDER BY id; SELECT id FROM doctors VIEW by_ward WHERE ward = "a";',
  );
  expect(sets.map(({ rows }) => cells(rows))).toEqual([[['b']], [[1], [3]], [[3]]]);
});

test('rolls back everything', async () => {
  const { server, client, session } = await ward();
  const sessionId = await session();
  const { txId } = await client.execute(sessionId, 'DELETE FROM doctors', { tx: serializable });
  expect(await client.unary('RollbackTransaction', { sessionId, txId })).toMatchObject({ status: Status.SUCCESS });
  expect(server.tables.rows('doctors')).toHaveLength(2);
});

test('refuses writes in read-only transactions', async () => {
  const { client, session } = await ward();
  const readOnly = { beginTx: { snapshotReadOnly: {} }, commitTx: true };
  expect(
    await client.execute(await session(), 'DELETE FROM doctors WHERE id = 1', { tx: readOnly }),
  ).toMatchObject({ status: Status.GENERIC_ERROR, issues: [{ issueCode: 2008 }] });
});

test('sends rows before it says that the commit has failed', async () => {
  const { server, client, session } = await ward();
  const sessionId = await session();
  const { txId } = await client.execute(
    sessionId,
    'SELECT * FROM doctors WHERE id = 1; UPSERT INTO doctors (id, shifts) VALUES (2, 1);',
    { tx: serializable },
  );
  server.execute('UPSERT INTO doctors (id, shifts) VALUES (1, 4)');
  const reply = await client.execute(sessionId, 'SELECT 1 AS one', { tx: { txId, commitTx: true } });
  expect(reply.parts.map(({ status }) => status)).toEqual([Status.SUCCESS, Status.ABORTED]);
});

test('changes the schema outside of transactions only, and not among data operations', async () => {
  const { client, session } = await ward();
  const id = await session();
  expect(await client.execute(id, 'DROP TABLE doctors', { tx: oneShot })).toMatchObject({ status: Status.PRECONDITION_FAILED });
  expect(await client.execute(id, 'SELECT 1; DROP TABLE doctors')).toMatchObject({ status: Status.GENERIC_ERROR });
  expect(await client.execute(id, 'DROP TABLE doctors')).toMatchObject({ status: Status.SUCCESS });
  expect(await client.execute(id, 'SELECT * FROM doctors')).toMatchObject({ status: Status.SCHEME_ERROR, issues: [{ issueCode: 2003 }] });
});
