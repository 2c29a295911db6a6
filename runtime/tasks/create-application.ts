// The `create_application` task: one newbie's application becomes a row in YT, then the matching is `requested`.
// Written again after a crash between the two: the row's key is the person, so the CRM sees one.
import { createActor, waitFor, type InspectionEvent, type Observer, type SnapshotFrom } from 'xstate';
import { applicationMachine, type ApplicationParts, type ApplicationStages } from '../../machines/application.ts';
import { profileKey, type Profile, type Udid } from '../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../machines/matching-record.ts';
import { Status } from '../../machines/status.ts';
import { tellSteps, type ActorStep } from '../actor-steps.ts';
import { rfc3339 } from '../clock.ts';
import type { Context } from '../context.ts';
import { asServiceError, ServiceError } from '../errors.ts';
import { dispatch } from '../mentorship/dispatch.ts';
import type { ApplicationPayload } from '../mentorship/effects.ts';
import type { Operations } from '../operations.ts';
import type { Person } from '../upstream.ts';

export async function createApplication(ctx: Context, { matchingId }: ApplicationPayload, signal: AbortSignal): Promise<void> {
  const [record] = await ctx.store.matchings([matchingId]);
  if (record?.status !== Status.created) return;
  await formApplication(ctx, { ...record, requestedAt: () => ctx.store.now() }, signal);
  await dispatch(ctx, [{ matchingId, event: { type: 'APPLICATION_WRITTEN' } }], { actor: 'task:create_application' }, signal);
}

/** What an application is made of besides what the upstreams know. */
export interface Applicant extends Pick<MatchingRecord, 'id' | 'newbie' | 'newbieUdid' | 'createdAt'> {
  requestedAt(): Promise<EpochMs>;
}

/** Looks everything up and writes the row. Needs no store. */
export async function formApplication(ctx: Context, applicant: Applicant, signal: AbortSignal): Promise<void> {
  const { upstreams, yt } = ctx;
  const { newbie, newbieUdid } = applicant;
  const linked = await upstreams.driverProfiles.linked([newbie], signal);
  const person = linked.get(profileKey(newbie)) ?? { udid: newbieUdid, profiles: [newbie] };
  const profiles = [newbie, ...person.profiles];
  const stages: ApplicationStages = {
    locate: (stopped) => upstreams.trackstory.lastPosition(profiles, either(signal, stopped)),
    cityAt: (position, stopped) => upstreams.geobase.cityAt(position, either(signal, stopped)),
    lastLoginIp: (stopped) => yt.lastLoginIp(profiles, either(signal, stopped)),
    cityOfIp: (ip, stopped) => upstreams.geobase.cityOfIp(ip, either(signal, stopped)),
    findCar: (stopped) => upstreams.fleetRent.isRented(profiles, either(signal, stopped)),
    findPhone: (stopped) => phoneOf(ctx, profiles, either(signal, stopped)),
    write: (parts, stopped) => writeRow(ctx, { applicant, person, parts }, either(signal, stopped)),
  };
  const input = { cityIpFallback: ctx.config.programme.cityIpFallback, stages };
  const actor = createActor(applicationMachine, { input, ...inspection(ctx.operations, applicant.id) });
  actor.start();
  const ended = await waitFor(actor, (snapshot) => snapshot.status === 'done');
  if (ended.matches('failed')) throw ended.context.error;
}

type ApplicationContext = SnapshotFrom<typeof applicationMachine>['context'];

/** Nothing, and no cost, unless somebody watches. */
function inspection(operations: Operations, entity: string): { readonly inspect?: Observer<InspectionEvent> } {
  if (!operations.getSnapshot().context.actorsWatched) return {};
  const tell = (step: ActorStep): void => operations.trigger.actorMoved({ step });
  return { inspect: tellSteps<ApplicationContext>({ machine: 'application', entity, redact: shown, tell }) };
}

/** What was found is personal: watchers see that it was, not what it is. */
function shown({ useIp, position, ip, city, isRented, phone, error }: ApplicationContext): ActorStep['context'] {
  return {
    use_ip: useIp,
    position_known: position !== null,
    ip_known: ip !== null,
    city_source: city.source,
    is_rented_car: isRented,
    phone_known: phone !== null,
    error: error === null ? null : asServiceError(error).code,
  };
}

function either(task: AbortSignal, actor: AbortSignal): AbortSignal {
  return AbortSignal.any([task, actor]);
}

async function phoneOf(ctx: Context, profiles: readonly Profile[], signal: AbortSignal): Promise<string | null> {
  const details = await ctx.upstreams.driverProfiles.retrieve(profiles, signal);
  const id = profiles.map((profile) => details.get(profileKey(profile))?.phonePdId ?? null).find((found) => found !== null);
  if (id === undefined) return null;
  const phone = (await ctx.upstreams.personal.phones([id], signal)).get(id);
  // Not the same as none: an application is written once, and the mistake may be mended.
  if (phone === null) throw new ServiceError('upstream_reply_malformed', 'personal phones: value is no phone number');
  return phone ?? null;
}

export function applicationKey(udid: Udid | null, newbie: Profile): string {
  return udid ?? profileKey(newbie);
}

interface Application {
  readonly applicant: Applicant;
  readonly person: Person;
  readonly parts: ApplicationParts;
}

async function writeRow(ctx: Context, { applicant, person, parts }: Application, signal: AbortSignal): Promise<void> {
  const { id, newbie, createdAt } = applicant;
  const row = {
    newbie_key: applicationKey(person.udid, newbie),
    matching_id: id,
    newbie_park_id: newbie.parkId,
    newbie_driver_id: newbie.driverId,
    phone: parts.phone,
    city: parts.city.city,
    city_geo_id: parts.city.geoId,
    city_source: parts.city.source,
    is_rented_car: parts.isRented,
    created_at: rfc3339(createdAt),
    requested_at: rfc3339(await applicant.requestedAt()),
  };
  await ctx.yt.writeApplication(row, signal);
}
