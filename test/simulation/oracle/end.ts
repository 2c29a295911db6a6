// What must hold at the end of a world: what was promised is there, replays change nothing (S6), nobody's secrets lie about (S4), bad rows
// are told of, and the copies agree.
import { profileKey } from '../../../machines/ids.ts';
import type { Crm } from '../crm.ts';
import { secretsOf } from '../people.ts';
import type { World } from '../world.ts';
import type { Oracle } from './oracle.ts';

export function checkEnd(world: World, crm: Crm, oracle: Oracle): void {
  oracle.checkAcknowledged();
  oracle.checkEventIds();
  checkEnrolled(world, oracle);
  checkApplications(world);
  checkSecrets(world);
  checkRejects(world, crm);
  checkCodes(world, crm);
  checkReplica(world);
}

/** S1: who asked takes part, or did. */
function checkEnrolled(world: World, oracle: Oracle): void {
  for (const newbie of world.people.newbies) if (!oracle.takesPart(newbie)) world.violate('S1', `${newbie.name} asked and takes no part`);
}

/** A1: the CRM knows each matching by its own id, whoever wrote the application and however often. */
function checkApplications(world: World): void {
  for (const { id, newbie } of world.tables.rows('matchings')) {
    const moves = world.tables.get('transitions', id) ?? [];
    if (!moves.some(({ event }) => event === 'APPLICATION_WRITTEN')) continue;
    const person = world.people.of(newbie);
    const rows = [...world.cluster.applications.values()].filter((row) =>
      person?.profiles.some((profile) => profileKey(profile) === `${row.newbie_park_id}_${row.newbie_driver_id}`));
    if (!rows.some((row) => row.matching_id === id)) world.violate('A1', `${person?.name}: YT has the application of ${rows[0]?.matching_id ?? 'nobody'}, not of ${id}`);
  }
}

function checkSecrets(world: World): void {
  const kept = world.tables.dump() + world.logged.join('\n');
  for (const person of world.people.all) {
    for (const secret of secretsOf(person)) if (kept.includes(secret)) world.violate('S4', `a secret of ${person.name} is kept: ${secret}`);
  }
}

/** A6: every unusable row is told of, once. */
function checkRejects(world: World, crm: Crm): void {
  const rejects = world.tables.rows('rejects');
  const missing = crm.garbage.distribution.size - rejects.filter(({ source }) => source === 'distribution').length;
  if (missing > 0) world.violate('A6', `${missing} bad rows of the distribution are not told of`);
}

/** A15: a code reaches the newbie it names, or the reason stands among the rejects. */
function checkCodes(world: World, crm: Crm): void {
  for (const record of world.tables.rows('matchings')) {
    if (record.mentorPromocode === null) continue;
    const entities = [record.newbie, record.mentor].flatMap((profile) => (profile === null ? [] : [...(world.people.of(profile)?.profiles ?? [])]));
    const given = entities.some((profile) => crm.codes.get(profileKey(profile))?.has(record.mentorPromocode ?? ''));
    if (!given) world.violate('A15', `${record.id} has a promocode of somebody else`);
  }
}

/** 5.11: the replica holds what the database holds. */
function checkReplica(world: World): void {
  const replica = world.cluster.dynamicRows(`${world.config.yt.replicaDir}/matchings`);
  for (const record of world.tables.rows('matchings')) {
    const copy = replica.get(JSON.stringify([record.id]));
    if (copy === undefined || copy['version'] !== record.version || copy['status'] !== record.status || copy['deleted'] === true) {
      world.violate('replica', `${record.id} is ${record.status} of version ${record.version}, the replica says ${String(copy?.['status'])} of ${String(copy?.['version'])}`);
    }
  }
}
