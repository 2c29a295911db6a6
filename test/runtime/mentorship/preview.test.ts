// The app of a participant under an operator's eyes.
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { Status } from '../../../machines/status.ts';
import { createLog } from '../../../runtime/log.ts';
import { maskPhone, preview, type Preview } from '../../../runtime/mentorship/preview.ts';
import { contacts } from '../../../runtime/mentorship/view.ts';
import { dayMs, dialogOf, matchingId, mentor, newbie, start } from '../../suites/dialogs.ts';
import { driverScene, introduce, storedMatching, type DriverScene } from '../../suites/driver-scene.ts';

const operator = { actor: 'anna', reason: null };

async function setUp(): Promise<DriverScene> {
  const scene = await driverScene({ dialogs: [dialogOf(Status.initialized)], now: start + 10 * dayMs });
  introduce(scene, mentor, 'Пётр', '+79990001122');
  introduce(scene, newbie, 'Анна', '+79990003344');
  return scene;
}

async function look(scene: DriverScene, side: 'newbie' | 'mentor', locale: 'ru' | 'en'): Promise<Preview | null> {
  const ports = { store: scene.store, log: createLog('silent'), newId: randomUUID };
  return preview(ports, scene.deps, { matching: await storedMatching(scene, matchingId(1)), side, locale, operator });
}

test('is what the driver is shown, but for the phones', async () => {
  const scene = await setUp();
  const shown = await contacts(scene.deps, { caller: newbie, role: null, limit: 50, cursor: null, locale: 'en' });
  const seen = await look(scene, 'newbie', 'en');
  const unmasked = shown.contacts.map((contact) => ({ ...contact, phone: '+7 999 ***-**-22', links: expect.anything() as unknown }));
  expect(seen?.list).toEqual({ ...shown, contacts: unmasked });
  expect(seen?.offer.show).toBe(false);
});

test.each(['newbie', 'mentor'] as const)('lets no whole phone through to the app of the %s', async (side) => {
  const scene = await setUp();
  const text = JSON.stringify(await look(scene, side, 'ru'));
  expect(text).not.toMatch(/9990001122|9990003344/);
  expect(text).toContain(side === 'newbie' ? 'https://wa.me/7999*****22?text=' : 'tel:+7999*****44');
});

test('every look is recorded, without anything of what was seen', async () => {
  const scene = await setUp();
  await look(scene, 'mentor', 'ru');
  const { items } = await scene.store.operatorActions({ matchingId: matchingId(1) }, { limit: 10, cursor: null });
  expect(items).toEqual([expect.objectContaining({ actor: 'anna', action: 'preview', subject: 'mentor', outcome: 'shown' })]);
});

test('there is nothing to see of a mentor who is not there', async () => {
  const scene = await driverScene({ dialogs: [dialogOf(Status.created)], now: start + dayMs });
  expect(await look(scene, 'mentor', 'ru')).toBeNull();
});

test('masks numbers of every form', () => {
  expect(maskPhone('+79990001122')).toBe('+7 999 ***-**-22');
  expect(maskPhone('+442079460123')).toBe('+4420 *** 23');
  expect(maskPhone('+12')).not.toBe('+12');
});
