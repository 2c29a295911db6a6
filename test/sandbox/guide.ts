// What the demo prints for whoever wants to look around: addresses, sample people, commands to paste.
import type { Profile } from '../../machines/ids.ts';
import { spellName } from './names.ts';
import type { SeededPerson } from './seed.ts';

export interface GuideFacts {
  readonly driverUrl: string;
  readonly adminUrl: string;
  /** Whether the admin listener asks for the token of the reader's `ADMIN_TOKEN`. */
  readonly isAdminGuarded: boolean;
  readonly newbie: SeededPerson;
  readonly mentor: SeededPerson;
  /** Somebody who has not enrolled. */
  readonly guest: SeededPerson;
  readonly matchingId: string;
  token(profile: Profile): Promise<string>;
}

export async function guide(facts: GuideFacts): Promise<string> {
  const { newbie, mentor, guest } = facts;
  const tokens = [newbie, mentor, guest].map((person) => facts.token(person.profiles[0]));
  const [newbieToken, mentorToken, guestToken] = await Promise.all(tokens);
  return [
    `Driver API  ${facts.driverUrl}`,
    `Admin       ${facts.adminUrl}  (/ready, /metrics, /openapi.json, /admin/v1)`,
    '',
    `A newbie    ${describe(newbie)}, matching ${facts.matchingId}`,
    `The mentor  ${describe(mentor)}`,
    `A guest     ${describe(guest)}: has not enrolled, which is left to you`,
    '',
    'Paste into another terminal (tokens are good for a day):',
    '',
    `NEWBIE=${newbieToken}`,
    `MENTOR=${mentorToken}`,
    `GUEST=${guestToken}`,
    ...driverCommands(facts),
    ...adminCommands(facts),
    '',
  ].join('\n');
}

function driverCommands({ driverUrl, matchingId }: GuideFacts): string[] {
  const base = `${driverUrl}/driver/v1/mentorship`;
  const asked = (who: string, path: string): string => `curl -s -H "Authorization: Bearer $${who}" ${base}/${path}`;
  return [
    asked('GUEST', 'offer'),
    `${asked('GUEST', 'participation')} -X POST`,
    asked('NEWBIE', 'participation'),
    '# empty for the first seconds: contacts appear once the two have been told about each other',
    asked('NEWBIE', 'contacts'),
    asked('MENTOR', 'contacts'),
    asked('MENTOR', `contacts/${matchingId}/messages`),
    `${asked('MENTOR', `contacts/${matchingId}/read`)} -i -X POST -H 'Content-Type: application/json' -d '{}'`,
  ];
}

function adminCommands({ adminUrl, isAdminGuarded, matchingId }: GuideFacts): string[] {
  const asked = isAdminGuarded ? 'curl -s -H "Authorization: Bearer $ADMIN_TOKEN"' : 'curl -s';
  return [`${asked} ${adminUrl}/admin/v1/funnel`, `${asked} ${adminUrl}/admin/v1/matchings/${matchingId}`];
}

function describe(person: SeededPerson): string {
  const profiles = person.profiles.length === 1 ? 'one profile' : `${person.profiles.length} profiles`;
  return `${spellName(person.name)}, ${person.city.name}, ${person.isRented ? 'a rented car' : 'an own car'}, ${profiles}`;
}
