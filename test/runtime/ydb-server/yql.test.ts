// What the language means here: types, NULL, joins, groups, order, and what is refused.
import { expect, test } from 'vitest';
import { Status } from '../../ydb-server/errors.ts';
import { primitive, type YdbType } from '../../ydb-server/types.ts';
import { storedUuid, uuidText } from '../../ydb-server/uuid.ts';
import type { RawClient } from './client.ts';
import { cells, type Running, running, startMs } from './running.ts';

async function prepared(): Promise<Running & {
  rows: (text: string, parameters?: Parameters<RawClient['execute']>[2]) => Promise<unknown[][]>,
}> {
  const world = await running();
  const id = await world.session();
  world.server.execute('CREATE TABLE pets (id Uint64 NOT NULL, kind Utf8, name Utf8, born Timestamp, weight Int32, PRIMARY KEY (id));');
  world.server.execute('CREATE TABLE visits (pet Uint64 NOT NULL, nth Uint32 NOT NULL, note Utf8, PRIMARY KEY (pet, nth));');
  world.server.execute(
    `UPSERT INTO pets (id, kind, name, weight) VALUES
    (1, "cat", "Tom", 4), (2, "dog", "Rex", 20), (3, "cat", NULL, 3), (4, NULL, "Zed", NULL);`,
  );
  world.server.execute('UPSERT INTO visits (pet, nth, note) VALUES (1, 1, "a"), (1, 2, "b"), (2, 1, "c"), (9, 1, "d");');
  const rows = async (text: string, options: Parameters<RawClient['execute']>[2] = {}) => {
    const reply = await world.client.execute(id, text, options);
    if (reply.issues.length > 0) throw new Error(reply.issues.map(({ message }) => message).join('; '));
    return cells(reply.sets.at(-1)?.rows ?? []);
  };
  return { ...world, rows };
}

test.each<[string, unknown[][]]>([
  ['SELECT 1 + 2 * 3, 7 / 2, 7 % 0, -(2), 1u + 2ul', [[7, 3, null, -2, 3]]],
  ['SELECT "a" || "b", "x"u || "y"u, 1 = 1.0, NULL IS NULL, NULL ?? 5', [['ab', 'xy', true, true, 5]]],
  ['SELECT true AND NULL, false AND NULL, true OR NULL, NOT NULL', [[null, false, true, null]]],
  ['SELECT IF(1 > 2, "a", "b"), CASE 3 WHEN 3 THEN "three" ELSE "other" END, COALESCE(NULL, NULL, 4)', [['b', 'three', 4]]],
  ['SELECT 2 IN (1, 2), 3 NOT IN (1, 2), 5 BETWEEN 1 AND 5, "abc" LIKE "a%c"', [[true, true, true, true]]],
  ['SELECT (1, 2) < (1, 3), (2, 1) >= (2, 1), (1, 2) = (1, 3)', [[true, true, false]]],
  ['SELECT CAST("12" AS Int32), CAST("x" AS Int32), CAST(300 AS Uint8), CAST(5u AS Utf8)', [[12, null, null, '5']]],
  ['SELECT Length("h\\u00e9"u), MIN_OF(3, 1, 2), StartsWith("abc", "ab"), ListLength(AsList(1, 2))', [[3, 1, true, 2]]],
  ['SELECT name FROM pets WHERE kind = "cat" AND weight > 3', [['Tom']]],
  ['SELECT id FROM pets WHERE kind IS NULL OR kind = "dog" ORDER BY id DESC', [[4], [2]]],
  ['SELECT id FROM pets WHERE kind != "dog"', [[1], [3]]],
  ['SELECT kind, COUNT(*) AS n, COUNT(name) AS named, SUM(weight) AS kg, MAX(name) AS last FROM pets GROUP BY kind ORDER BY kind', [
    [null, 1, 1, null, 'Zed'], ['cat', 2, 1, 7, 'Tom'], ['dog', 1, 1, 20, 'Rex'],
  ]],
  ['SELECT COUNT(*), MIN(id), COUNT(DISTINCT kind), SOME(kind) FROM pets WHERE id > 100', [[0, null, 0, null]]],
  ['SELECT kind FROM pets GROUP BY kind HAVING COUNT(*) > 1', [['cat']]],
  ['SELECT DISTINCT kind FROM pets WHERE kind IS NOT NULL ORDER BY kind', [['cat'], ['dog']]],
  [
    'SELECT p.name AS name, v.note AS note FROM pets AS p INNER JOIN visits AS v ON v.pet = p.id ORDER BY note',
    [['Tom', 'a'], ['Tom', 'b'], ['Rex', 'c']],
  ],
  [
    'SELECT p.id AS id, v.note AS note FROM pets AS p LEFT JOIN visits AS v ON p.id = v.pet AND p.weight = v.nth ORDER BY id',
    [[1, null], [2, null], [3, null], [4, null]],
  ],
  ['SELECT p.id AS id FROM pets AS p LEFT ONLY JOIN visits AS v ON p.id = v.pet ORDER BY id', [[3], [4]]],
  ['SELECT p.id AS id FROM pets AS p LEFT SEMI JOIN visits AS v ON p.id = v.pet ORDER BY id', [[1], [2]]],
  ['SELECT v.pet AS pet FROM visits AS v LEFT JOIN pets AS p ON p.id = v.pet WHERE p.id IS NULL', [[9]]],
  ['SELECT id FROM pets WHERE id IN (3ul, 1ul, 3ul) ORDER BY id', [[1], [3]]],
  ['SELECT pet, nth FROM visits WHERE (pet, nth) > (1ul, 1u) ORDER BY pet, nth LIMIT 2', [[1, 2], [2, 1]]],
  ['SELECT nth FROM visits WHERE pet = 1 AND nth < 2', [[1]]],
  ['SELECT id FROM pets ORDER BY id LIMIT 2 OFFSET 1', [[2], [3]]],
  ['SELECT id AS n FROM pets WHERE id = 1 UNION ALL SELECT nth AS n FROM visits WHERE pet = 1 ORDER BY n', [[1], [1], [2]]],
  ['$cats = (SELECT id FROM pets WHERE kind = "cat"); SELECT name FROM pets WHERE id IN $cats AND name IS NOT NULL', [['Tom']]],
  ['$top = (SELECT MAX(id) FROM pets); SELECT name FROM pets WHERE id = $top', [['Zed']]],
  ['SELECT EXISTS (SELECT * FROM pets WHERE id = 1), EXISTS (SELECT * FROM pets WHERE id = 100)', [[true, false]]],
  ['SELECT DateTime::ToMilliseconds(CurrentUtcTimestamp()), CurrentUtcTimestamp() - CurrentUtcTimestamp()', [[startMs, 0]]],
  [
    'SELECT DateTime::IntervalFromSeconds(2), Interval("P1DT1.5S"), Timestamp("2026-03-01T00:00:00.5Z")',
    [[2_000_000, 86_401_500_000, startMs * 1_000 + 500_000]],
  ],
  ['SELECT Ensure(1, true, "no"), Unwrap(Just(2)), Nothing(Utf8?)', [[1, 2, null]]],
])('answers %s', async (text, expected) => {
  const { rows } = await prepared();
  expect(await rows(text)).toEqual(expected);
});

test.each([
  ['SELEC 1', "1:1: mismatched input 'SELEC': expecting a statement"],
  ['SELECT 1 FROM pets FOR UPDATE', "1:20: mismatched input 'FOR': expecting ';'"],
  ['SELECT 1 +', "1:11: mismatched input <EOF>: expecting an expression"],
  ['UPSERT INTO pets id FROM', "1:18: mismatched input 'id': expecting SELECT"],
  ['SELECT\n  Now()', '2:3: Unknown builtin: Now'],
  ['SELECT nope FROM pets', '1:8: Member not found: nope'],
  ['SELECT p.id, q.id FROM pets AS p JOIN visits AS q ON p.id = q.pet', '1:14: Member not found: q.id'],
  ['SELECT 1 = "a"', '1:10: Uncompatible types in compare: Int32 and String'],
  ['SELECT id FROM pets WHERE id', '1:27: Expected bool, but got: Uint64'],
  ['SELECT name, COUNT(*) FROM pets', '1:8: Member not found: name'],
  ['SELECT 1 AS a, 2 AS a', '1:1: Duplicated member: a'],
  ['SELECT Unwrap(1)', '1:8: Expected optional type, but got: Int32'],
  ['SELECT * FROM pets VIEW nope', '1:15: Required global index not found, index name: nope'],
  ['SELECT `a', "1:8: cannot match the character '`'"],
  ['PRAGMA Dangerous = "1"', "1:18: mismatched input '=': unknown pragma Dangerous"],
])('refuses %j', async (text, message) => {
  const { client, session } = await prepared();
  expect(await client.execute(await session(), text)).toMatchObject({ status: Status.GENERIC_ERROR, issues: [{ message }] });
});

test('fails on a false Ensure and on an empty Unwrap', async () => {
  const { client, session } = await prepared();
  const id = await session();
  const failing = [
    'DISCARD SELECT Ensure(id, weight > 100, "FENCED") FROM pets WHERE id = 1', 'SELECT Unwrap(name) FROM pets WHERE id = 3',
  ];
  for (const text of failing) {
    expect(await client.execute(id, text)).toMatchObject({ status: Status.PRECONDITION_FAILED });
  }
});

test('gives optional types to what can be NULL', async () => {
  const { client, session } = await prepared();
  const { sets } = await client.execute(
    await session(),
    'SELECT id, name, CurrentUtcTimestamp() + Interval("PT1S") AS later, COUNT(*) AS n FROM pets GROUP BY id, name',
  );
  const kinds = sets[0]?.types.map((type) => (type.optionalType ? 'optional' : 'bare'));
  expect(kinds).toEqual(['bare', 'optional', 'optional', 'bare']);
});

test('orders the columns of * by their names', async () => {
  const { client, session } = await prepared();
  const { sets } = await client.execute(await session(), 'SELECT * FROM pets LIMIT 1');
  expect(sets[0]?.columns).toEqual(['born', 'id', 'kind', 'name', 'weight']);
});

test('takes rows as a list of structs, whatever the order of the members', async () => {
  const { rows } = await prepared();
  const type: YdbType = {
    kind: 'list',
    item: { kind: 'struct', members: [{ name: 'nth', type: primitive('Uint32') }, { name: 'pet', type: primitive('Uint64') }] },
  };
  const text = `DECLARE $keys AS List<Struct<pet:Uint64,nth:Uint32>>;
    SELECT v.note AS note FROM AS_TABLE($keys) AS k INNER JOIN visits AS v ON v.pet = k.pet AND v.nth = k.nth`;
  expect(await rows(text, { parameters: { keys: [type, [[2, 1n], [7, 9n]]] } })).toEqual([['b']]);
});

test('evaluates a named expression anew at each use', async () => {
  const { client, session } = await prepared();
  const text = `$cats = (SELECT id FROM pets WHERE kind = "cat"u); SELECT COUNT(*) FROM $cats;
    UPDATE pets ON SELECT id, "dog"u AS kind FROM $cats; SELECT COUNT(*) FROM $cats;`;
  const { sets } = await client.execute(await session(), text);
  expect(sets.map(({ rows }) => cells(rows))).toEqual([[[2]], [[0]]]);
});

test('keeps one clock for the whole query', async () => {
  let now = startMs;
  const { client, session } = await running({ nowMs: () => (now += 1) });
  const { sets } = await client.execute(await session(), 'SELECT CurrentUtcTimestamp(); SELECT CurrentUtcTimestamp();');
  expect(cells(sets[0]!.rows)).toEqual(cells(sets[1]!.rows));
});

test('stores a Uuid in the order of its mixed-endian bytes', async () => {
  const { server } = await running();
  expect(storedUuid('00112233-4455-6677-8899-aabbccddeeff')).toBe('33221100554477668899aabbccddeeff');
  server.execute('CREATE TABLE u (id Uuid NOT NULL, PRIMARY KEY (id))');
  server.execute(
    'UPSERT INTO u (id) VALUES (Uuid("01000000-0000-4000-8000-000000000000")), (Uuid("00000001-0000-4000-8000-000000000000"))',
  );
  expect(server.tables.rows('u').map(({ id }) => id)).toEqual(
    ['01000000-0000-4000-8000-000000000000', '00000001-0000-4000-8000-000000000000'],
  );
  expect(uuidText(storedUuid('0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d') ?? '')).toBe('0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d');
});

test('reads by key and by index without scanning, and reports what does scan', async () => {
  const { server, rows } = await prepared();
  await rows('SELECT * FROM pets WHERE id = 1; SELECT * FROM visits WHERE pet = 1 AND nth > 0; UPDATE pets SET weight = 1 WHERE id = 2;');
  expect(server.fullScans).toEqual([]);
  await rows('SELECT id FROM pets WHERE kind = "cat"');
  expect(server.fullScans).toEqual([{ table: 'pets', text: 'SELECT id FROM pets WHERE kind = "cat"' }]);
});
