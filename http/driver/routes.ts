// The driver API (contracts section 3).
import type { Route } from '../routes.ts';
import type { DriverContext } from '../use-cases.ts';
import { contacts } from './contacts.ts';
import { enrol } from './enrol.ts';
import { markRead } from './mark-read.ts';
import { messages } from './messages.ts';
import { offer } from './offer.ts';
import { participation } from './participation.ts';

export const driverRoutes: readonly Route<DriverContext>[] = [enrol, participation, offer, contacts, messages, markRead];
