// Links that open a talk with a contact: a WhatsApp chat with the first words already written, and a call.
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { ContactLink, Locale } from '../mentorship/participant.ts';
import type { Role } from '../store.ts';
import type { ContactNames } from './compose.ts';
import { naming, say } from './texts.ts';

/** The first words of the caller to a contact of this role. */
export function greeting(contact: Role, locale: Locale, names: ContactNames): string {
  const text = contact === 'mentor' ? 'greeting_to_mentor' : 'greeting_to_newbie';
  return say(locale, text, naming(names.contactFirstName));
}

/** The number in E.164, or null where its country has none of this length: which of those are given out, the metadata here may not know yet. */
export function dialable(phone: string): string | null {
  const parsed = parsePhoneNumberFromString(phone, { extract: false });
  return parsed?.isPossible() === true ? parsed.number : null;
}

/**
 * None without a number that is {@link dialable}.
 * The form of the WhatsApp link is WhatsApp's: https://faq.whatsapp.com/5913398998672934
 */
export function contactLinks(number: string | null, firstWords: string): ContactLink[] {
  if (number === null) return [];
  // A name cut short upstream may end in half of a surrogate pair, which encodeURIComponent throws on.
  const text = encodeURIComponent(firstWords.toWellFormed());
  return [
    { kind: 'whatsapp', url: `https://wa.me/${number.slice(1)}?text=${text}` },
    { kind: 'tel', url: `tel:${number}` },
  ];
}
