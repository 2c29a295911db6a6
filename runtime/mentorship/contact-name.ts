// How a contact is called, by `NAME_FORMAT` (A26).
import type { ProgrammeConfig } from '../config/config.ts';
import type { ProfileDetails } from '../upstream.ts';

export type NameFormat = ProgrammeConfig['nameFormat'];

export interface ContactName {
  /** As the list of contacts shows it. */
  readonly name: string | null;
  /** As a message addresses the person; null where the format does not spell first names out. */
  readonly firstName: string | null;
}

interface NameParts {
  readonly last: string;
  readonly first: string;
  readonly middle: string;
}

// `full`: Иванов Иван Иванович. `first_initial`: Иванов И., the first name reduced to its initial and spelt out nowhere.
const nameForms = {
  full: ({ last, first, middle }: NameParts): string[] => [last, first, middle],
  first_initial: ({ last, first }: NameParts): string[] => [last, initial(first)],
} satisfies Record<NameFormat, (parts: NameParts) => string[]>;

/** Blank parts are left out; a name of blanks alone is unknown. */
export function nameContact(fullName: ProfileDetails['fullName'], format: NameFormat): ContactName {
  const last = fullName?.lastName?.trim() ?? '';
  const first = fullName?.firstName?.trim() ?? '';
  const middle = fullName?.middleName?.trim() ?? '';
  const parts = nameForms[format]({ last, first, middle }).filter((part) => part !== '');
  return { name: parts.length === 0 ? null : parts.join(' '), firstName: format === 'full' && first !== '' ? first : null };
}

function initial(firstName: string): string {
  const letter = /^./u.exec(firstName)?.[0];
  return letter === undefined ? '' : `${letter.toUpperCase()}.`;
}
