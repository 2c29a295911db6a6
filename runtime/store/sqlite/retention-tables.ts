// Schema version 3: what replication and archiving need. See tables.ts for the rule of released versions.

// A guard is nearly always the udid or the profile of its own matching, and found by them; the others are few and kept by matching,
// because an index of all guards by matching would take more room than the limit of a matching leaves.
const isOwnGuard = `EXISTS (SELECT 1 FROM matchings m WHERE m.uuid = guard.matching
  AND (m.newbie_udid = guard.person OR m.newbie_park_id || '_' || m.newbie_driver_id = guard.person))`;

export const retention: readonly string[] = [
  'CREATE INDEX matchings_updated ON matchings (updated_at)',
  'CREATE INDEX idempotency_keys_matching ON idempotency_keys (matching)',
  `CREATE TABLE other_guards (
    matching ANY NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (matching, person)
  ) STRICT, WITHOUT ROWID`,
  `INSERT INTO other_guards SELECT guard.matching, guard.person FROM persons guard WHERE NOT ${isOwnGuard}`,
  `CREATE TRIGGER other_guard AFTER INSERT ON persons
    WHEN NOT ${isOwnGuard.replaceAll('guard.', 'new.')}
    BEGIN INSERT OR IGNORE INTO other_guards VALUES (new.matching, new.person); END`,
  `CREATE TABLE tombstones (
    seq INTEGER PRIMARY KEY,
    matching ANY NOT NULL UNIQUE,
    matching_id TEXT NOT NULL,
    transition_ids TEXT NOT NULL,
    deleted_at INTEGER NOT NULL
  ) STRICT`,
  'CREATE INDEX tombstones_deleted ON tombstones (deleted_at)',
];
