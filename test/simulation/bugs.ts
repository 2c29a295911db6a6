// Planted bugs: what the simulator must find. Each is an edit of the product's own text, made while the module is loaded, so that the product
// carries no switches and the bug is where a careless change would put it. An edit whose text is gone fails loudly.

export interface Bug {
  readonly name: string;
  /** Path from the root of the repository. */
  readonly file: string;
  readonly edits: readonly { readonly find: string; readonly put: string }[];
  /** The promises of which one is found broken. */
  readonly breaks: readonly string[];
  /** Found by few seeds: too slow for every test run. */
  readonly isRare: boolean;
}

/** Not among what a few dozen seeds are sure to find: left to `npm run simulate -- --bugs`. */
const rare: readonly string[] = [
  'the guard of a person is read outside the transaction',
  'the spool answers before the disk has it',
  'the cursor passes rows that were written late',
  'a second promocode replaces the first',
  'a late announcement of the match before moves the present one',
  'a reading mark goes back',
  'an outage ends as a dead letter',
];

function bug(name: string, file: string, breaks: readonly string[], ...edits: Bug['edits'][number][]): Bug {
  return { name, file, edits, breaks, isRare: rare.includes(name) };
}

export const bugs: readonly Bug[] = [
  bug('a job writes without looking at its lock', 'jobs/unit-of-work.ts', ['S9'], {
    find: '        await tx.assertLease(lease);\n', put: '',
  }),
  bug('an announcement gets a new id with every attempt', 'runtime/tasks/announce.ts', ['S7'], {
    find: ':${matching.epoch}:${role}`;', put: ':${matching.epoch}:${role}:${Date.now()}`;',
  }),
  bug('a status claims what one of two has refused', 'runtime/tasks/announce.ts', ['S7'], {
    find: 'const all = taken.length === waiting.length;', put: 'const all = true;',
  }),
  bug('a bad row ends the reading of its table', 'jobs/import-matchings.ts', ['L1', 'A6'], {
    find: "if ('reject' in decoded) await rejects.add(raw, decoded, signal);", put: "if ('reject' in decoded) break;",
  }),
  bug('the cursor passes rows that were written late', 'jobs/import-matchings.ts', ['L1'], {
    find: 'before - programme.importOverlapMs', put: 'before',
  }),
  bug('the guard of a person is read outside the transaction', 'runtime/mentorship/enroll.ts', ['S2', 'A24'], {
    find: '  const made = await ctx.store.transact(async (tx) => {',
    put: '  const seen = await ctx.store.matchingsOfNewbies([...person.profiles, newbie]);\n  const made = await ctx.store.transact(async (tx) => {',
  }, {
    find: 'person, askedAt, cause }),', put: 'person, askedAt, cause, seen } as EnrolCommand),',
  }, {
    find: '  const found = claimed === null ? ofProfiles : await tx.matchings([claimed]);',
    put: '  const found = (command as { seen?: MatchingRecord[] }).seen ?? (claimed === null ? ofProfiles : await tx.matchings([claimed]));',
  }, {
    find: '  await tx.claimPerson(key, matchingId);\n', put: '',
  }),
  bug('an undetermined commit is taken for a failure and done anew', 'runtime/mentorship/enroll.ts', ['S2', 'A24'], {
    find: 'function keepInSpool({ spool }: Context, { matchingId, newbie,', put: 'function keepInSpool({ spool, newId }: Context, { newbie,',
  }, {
    find: '  return spool.keep({ matchingId, newbie,', put: '  return spool.keep({ matchingId: newMatchingId(newId), newbie,',
  }, {
    find: '  return { matchingId, newbie, person: { udid, profiles },', put: '  return { matchingId, newbie, person: { udid, profiles, blind: true } as Person,',
  }, {
    find: '  if (existing !== null) {', put: '  if (existing !== null && !(person as { blind?: boolean }).blind) {',
  }, {
    find: '  await tx.claimPerson(key, matchingId);\n', put: '  if (!(person as { blind?: boolean }).blind) await tx.claimPerson(key, matchingId);\n',
  }),
  bug('the spool answers before the disk has it', 'runtime/spool/journal.ts', ['S1', 'A1'], {
    find: '      await writeWhole(segment.file, bytes, segment.sizeBytes);\n      await segment.file.sync();', put: '      await writeWhole(segment.file, bytes, segment.sizeBytes);',
  }),
  bug('tasks are lost when a commit conflicts', 'runtime/mentorship/dispatch.ts', ['A24'], {
    find: '    await carryOut(tx, { record: taken.record, traceparent: author.cause.traceparent }, effect);',
    put: `    const once = \`\${matchingId} \${event.type} \${taken.record.epoch} \${effect.type}\`;
    const carried = carriedOut.get(scene.policy) ?? new Set();
    carriedOut.set(scene.policy, carried);
    if (!carried.has(once)) await carryOut(tx, { record: taken.record, traceparent: author.cause.traceparent }, effect);
    carried.add(once);`,
  }, {
    find: 'interface Author {', put: 'const carriedOut = new WeakMap<object, Set<string>>();\n\ninterface Author {',
  }),
  bug('a task is done before its effect', 'runtime/tasks/worker.ts', ['L1', 'S7'], {
    find: '    await inRootSpan(tracing, parent,', put: '    await this.#ctx.tasks.complete(task).catch(() => {});\n    await inRootSpan(tracing, parent,',
  }),
  bug('a contact list is remembered beyond a rematch', 'runtime/mentorship/view.ts', ['S5'], {
    find: 'function readContacts(deps: DriverDeps, profiles: readonly Profile[]): Promise<ContactsRecord> {',
    put: `const lists = new WeakMap<DriverDeps, Map<string, Promise<ContactsRecord>>>();

function readContacts(deps: DriverDeps, profiles: readonly Profile[]): Promise<ContactsRecord> {
  const known = lists.get(deps) ?? new Map();
  lists.set(deps, known);
  const key = profiles.map(profileKey).join();
  if (!known.has(key)) known.set(key, readFreshContacts(deps, profiles));
  return known.get(key);
}

function readFreshContacts(deps: DriverDeps, profiles: readonly Profile[]): Promise<ContactsRecord> {`,
  }),
  bug('a late announcement of the match before moves the present one', 'machines/matching.ts', ['S7'], {
    find: '  return event.epoch === held(context).epoch;', put: '  return event.epoch <= held(context).epoch;',
  }),
  bug('deadlines use the clock of the host', 'runtime/mentorship/dispatch.ts', ['S3', 'S10'], {
    find: 'await Promise.all([tx.now(), tx.matchings(unread)', put: 'await Promise.all([Promise.resolve(Date.now()), tx.matchings(unread)',
  }),
  bug('the archive deletes before it has written and verified', 'jobs/archive.ts', ['S8'], {
    find: '  const places = await batchPlaces(ctx, batch, bundles, signal);',
    put: '  if (bundles.length > 0) await ctx.retention.forget(bundles.map(archivedState), unit.lease);\n  const places = await batchPlaces(ctx, batch, bundles, signal);',
  }),
  bug('a second promocode replaces the first', 'jobs/promocode-owner.ts', ['A15', 'S6'], {
    find: 'record.status === status && record.mentorPromocode === null', put: 'record.status === status',
  }),
  bug('a reading mark goes back', 'runtime/mentorship/read-marks.ts', ['marks'], {
    find: 'at !== null && at >= to ? null :', put: 'at === to ? null :',
  }),
  bug('figures are replaced, and a null erases', 'jobs/progress-due.ts', ['results', 'S6'], {
    find: '  for (const { id, newbie } of records) {\n    const figures = figuresOf.get(id);',
    put: '  for (const { id, newbie, epoch } of records) {\n    const figures = figuresOf.get(id);\n    if (figures !== undefined) await tx.retireResults(id, epoch);',
  }),
  bug('the same mentor once more starts a new match', 'machines/matching.ts', ['S3'], {
    find: '  if (sameProfile(record.mentor, event.mentor)) return true;\n  return record.mentorUdid !== null && record.mentorUdid === event.mentorUdid;', put: '  return false;',
  }),
  bug('an outage ends as a dead letter', 'runtime/tasks/backoff.ts', ['L1'], {
    find: 'if (refused && refusals + 1 >= maxRefusals)', put: 'if (attempt >= maxRefusals)',
  }),
  bug('the deadline forgets the grace', 'machines/matching.ts', ['S10'], {
    find: '  return pastAge && facts.now - record.statusSince >= facts.policy.failGraceMs;', put: '  return pastAge;',
  }),
  bug('a rematch keeps the figures of the match before', 'machines/matching.ts', ['S3'], {
    find: "    actions: [EffectType.retire_results, 'startMatch', announceMatch],", put: "    actions: ['startMatch', announceMatch],",
  }),
  bug('a phone stands in the log', 'runtime/tasks/create-application.ts', ['S4'], {
    find: '  await ctx.yt.writeApplication(row', put: "  ctx.log.info({ row }, 'application');\n  await ctx.yt.writeApplication(row",
  }),
];
