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

/**
 * `phone` is E.164; one outside its country's numbering plan gives no links.
 * The form of the WhatsApp link is WhatsApp's: https://faq.whatsapp.com/5913398998672934
 */
export function contactLinks(phone: string | null, firstWords: string): ContactLink[] {
  const parsed = phone === null ? undefined : parsePhoneNumberFromString(phone, { extract: false });
  if (parsed === undefined || !parsed.isValid()) return [];
  // A name cut short upstream may end in half of a surrogate pair, which encodeURIComponent throws on.
  const text = encodeURIComponent(firstWords.toWellFormed());
  return [
    { kind: 'whatsapp', url: `https://wa.me/${parsed.number.slice(1)}?text=${text}` },
    { kind: 'tel', url: `tel:${parsed.number}` },
  ];
}
