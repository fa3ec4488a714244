import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { labChange, labWeb, lasting, newFamily, registerLab } from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import type { Visitor } from '../../support/visitor.ts';
import { createReceiver, type Receiver, verifyNotice } from './receiver.ts';
import { takeBack } from './taking.ts';

/** A browser session lapses after an hour, that of an application goes on: it hears of the end all the same, without a sid. */

let server: TestServer;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await createReceiver();
  server = await startServer({ OUTGOING_ALLOW: receiver.allowed });
  await registerLab(server, {
    backchannel_logout_uri: receiver.uri,
    backchannel_logout_session_required: true,
  });
});
afterAll(async () => {
  await server?.close();
  await receiver?.close();
});
afterEach(async () => {
  shiftTime(0);
  await server.sql('DELETE FROM logout_notices');
});

const source = '127.0.0.1';

/** Signs somebody in twice: in a session that has lapsed since, and was cleared away, and in one that lives. */
async function twice(accountId: string, access: 'offline_access' | 'online_access') {
  const identifier = `${accountId}@example.test`;
  const options = { identifier, change: { ...labChange, scope: lasting(access) }, client: labWeb };
  const { first: earlier } = await newFamily(server, options);
  shiftTime(2 * 3600);
  await server.sql(`DELETE FROM oidc_artefacts WHERE model = 'Session' AND expires_at < $1`, [new Date()]);
  const { first, visitor } = await newFamily(server, options);
  const [lapsed, sid] = [earlier, first].map((tokens) => decodeJwt(tokens.id_token ?? '').sid);
  return { visitor, lapsed, sid };
}

/** The sids of what the application is told, but for one of a session that Redis, which counts real time, has still. */
async function told(lapsed: unknown): Promise<unknown[]> {
  const before = receiver.received.length;
  await server.oidc.sendLogoutNotices();
  const notices = receiver.received.slice(before);
  const tokens = await Promise.all(notices.map((one) => verifyNotice(server.issuer, one, 'lab-web')));
  const sids = tokens.map(({ payload }) => payload.sid);
  return process.env.REDIS_URL === undefined ? sids : sids.filter((sid) => sid !== lapsed);
}

test.each<[string, string, (visitor: Visitor) => Promise<unknown>]>([
  [
    'takes everything back',
    'tom',
    (visitor) => takeBack(server, visitor, { clientId: 'lab-web', accountId: 'tom' }),
  ],
  [
    'sets a password that others may know anew',
    'hana',
    () => server.oidc.sessions.signOutEverywhere('hana', { grants: 'all', source }),
  ],
  ['has her factors reset', 'aroha', () => server.services.people.resetFactors('aroha')],
])(
  'an application hears of a lapsed session beside one that lives when somebody %s',
  async (_what, accountId, happens) => {
    const { visitor, lapsed, sid } = await twice(accountId, 'offline_access');
    await happens(visitor);
    const sids = await told(lapsed);
    // No command line reaches sessions in Redis: then all of them are told of at once.
    const known = accountId === 'aroha' && process.env.REDIS_URL !== undefined ? [] : [sid];
    expect(sids).toHaveLength(known.length + 1);
    expect(sids).toEqual(expect.arrayContaining([...known, undefined]));
  },
);

test('where one of hers stays there, nothing is sent that would end it', async () => {
  const { visitor, lapsed, sid } = await twice('wiremu', 'online_access');
  const [here] = await server.oidc.sessions.list('wiremu');
  await server.oidc.sessions.signOutEverywhere('wiremu', { except: here?.uid, source });
  expect(await told(lapsed)).toEqual([]);
  await takeBack(server, visitor, { clientId: 'lab-web', accountId: 'wiremu' });
  expect(await told(lapsed)).toEqual([sid]);
});
