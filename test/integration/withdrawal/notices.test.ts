import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { checkRegistration } from '../../../src/clients/registration.ts';
import { labChange, labWeb, newFamily, registerLab } from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { usualScope } from '../../support/visitor.ts';
import { openAccount } from '../account/account.ts';
import { addNotes, notes } from '../attacks/jwts.ts';
import { isSignedIn, signOut } from '../pages/leaving.ts';
import { createReceiver, type Receiver, verifyNotice } from './receiver.ts';
import { takeBack } from './taking.ts';

/** Applications are told when somebody signs out or takes everything back (OpenID Connect Back-Channel Logout 1.0). */

let server: TestServer;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await createReceiver();
  server = await startServer({ OUTGOING_ALLOW: receiver.allowed });
  await addNotes(server);
  const scopes = `${usualScope} patient/*.rs`;
  await registerLab(server, {
    apis: { 'demo-fhir': scopes, notes: scopes },
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
  receiver.answer(200);
  await server.sql('DELETE FROM logout_notices');
});

const family = () => newFamily(server, { change: labChange, client: labWeb });
const send = () => server.oidc.sendLogoutNotices();
const waiting = () =>
  server.sql<{ attempts: number; next_at: Date | null }>('SELECT attempts, next_at FROM logout_notices');

/** What the logout tokens that arrived say. */
const tokensFrom = (arrived: Receiver['received']) =>
  Promise.all(arrived.map(async (one) => (await verifyNotice(server.issuer, one, 'lab-web')).payload));

/** What arrives while something is done. */
async function arriving(work: () => Promise<unknown>): Promise<Receiver['received']> {
  const before = receiver.received.length;
  await work();
  return receiver.received.slice(before);
}

describe('an application that wants to be told', () => {
  test('finds sid in its id_token, and the same in the logout token when she signs out there', async () => {
    const { first, visitor } = await family();
    const { sid } = decodeJwt(first.id_token ?? '');
    expect(sid).toEqual(expect.any(String));
    await signOut(server, visitor);
    const [notice, ...more] = await arriving(send);
    if (notice === undefined) throw new Error('nothing arrived');
    expect(more).toEqual([]);
    expect(notice.type).toBe('application/x-www-form-urlencoded');
    expect([...notice.fields.keys()]).toEqual(['logout_token']);
    const { payload, protectedHeader } = await verifyNotice(server.issuer, notice, 'lab-web');
    expect(payload).toEqual({
      iss: server.issuer,
      aud: 'lab-web',
      sub: 'aroha',
      sid,
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: (payload.iat ?? 0) + 120,
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
    // That of its id_tokens: a SMART application has RS256.
    expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: expect.any(String), typ: 'logout+jwt' });
    expect(await waiting()).toEqual([]);
  });

  test('is told when she takes everything back, and not when she takes back one line', async () => {
    const { first, visitor } = await family();
    const { sid } = decodeJwt(first.id_token ?? '');
    await takeBack(server, visitor, { clientId: 'lab-web', scope: 'patient/Appointment.rs' });
    expect(await arriving(send)).toEqual([]);
    await takeBack(server, visitor, { clientId: 'lab-web' });
    const told = await tokensFrom(await arriving(send));
    expect(told.map(({ sub }) => sub)).toEqual(told.map(() => 'aroha'));
    // Once without: she was signed in there before as well, in a session that is over.
    expect(told.map((token) => token.sid)).toEqual(expect.arrayContaining([sid, undefined]));
    expect(told).toHaveLength(2);
  });

  test('hears of the sessions that went on by what she takes back, and of no other', async () => {
    const identifier = 'hana@example.test';
    const { first, visitor } = await newFamily(server, { change: labChange, client: labWeb, identifier });
    const change = { ...labChange, aud: notes };
    const other = await newFamily(server, { change, client: labWeb, identifier });
    await takeBack(server, visitor, { clientId: 'lab-web', apiId: 'demo-fhir', accountId: 'hana' });
    const notices = await arriving(send);
    const told = await Promise.all(notices.map((one) => verifyNotice(server.issuer, one, 'lab-web')));
    const [gone, stays] = [first, other.first].map((tokens) => decodeJwt(tokens.id_token ?? '').sid);
    expect(gone).not.toBe(stays);
    expect(told.map(({ payload }) => payload.sid)).toEqual([gone]);
  });

  test('hears of all of them, without a sid, where no session is known that went on by it', async () => {
    const identifier = 'tom@example.test';
    const { visitor } = await newFamily(server, { change: labChange, client: labWeb, identifier });
    await signOut(server, visitor);
    await server.sql('DELETE FROM logout_notices');
    const later = await openAccount(server, { identifier });
    await takeBack(server, later.visitor, { clientId: 'lab-web', accountId: 'tom' });
    const [notice, ...more] = await arriving(send);
    if (notice === undefined) throw new Error('nothing arrived');
    const { payload } = await verifyNotice(server.issuer, notice, 'lab-web');
    expect([payload.sub, payload.sid, more]).toEqual(['tom', undefined, []]);
  });

  test('is told of each session when she signs out everywhere', async () => {
    const families = [await family(), await family()];
    await server.oidc.sessions.signOutEverywhere('aroha', { source: '127.0.0.1' });
    const notices = await arriving(send);
    const told = await Promise.all(notices.map((one) => verifyNotice(server.issuer, one, 'lab-web')));
    const sids = families.map(({ first }) => decodeJwt(first.id_token ?? '').sid);
    expect(told.map(({ payload }) => payload.sid)).toEqual(expect.arrayContaining(sids));
    for (const { visitor } of families) expect(await isSignedIn(server, visitor)).toBe(false);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['is suspended', () => server.services.people.statuses.disable('aroha', 'suspended')],
    ['has died', () => server.services.people.statuses.disable('aroha', 'deceased')],
    ['has her factors reset', () => server.services.people.resetFactors('aroha')],
  ])('is told of each session when she %s, which no command line leaves behind', async (_what, happens) => {
    const families = [await family(), await family()];
    await happens();
    await server.services.people.statuses.restore('aroha');
    const notices = await arriving(send);
    const told = await Promise.all(notices.map((one) => verifyNotice(server.issuer, one, 'lab-web')));
    const sids = families.map(({ first }) => decodeJwt(first.id_token ?? '').sid);
    // Sessions in Redis are not within its reach: then it means all of hers.
    const expected = process.env.REDIS_URL === undefined ? sids : [undefined];
    expect(told.map(({ payload }) => payload.sid)).toEqual(expect.arrayContaining(expected));
    for (const { visitor } of families) expect(await isSignedIn(server, visitor)).toBe(false);
    expect(
      await server.sql(
        "SELECT id FROM oidc_artefacts WHERE model = 'Session' AND payload->>'accountId' = 'aroha'",
      ),
    ).toEqual([]);
  });

  test('F-19 that does not answer is tried five times, with longer and longer pauses', async () => {
    const { visitor } = await family();
    await signOut(server, visitor);
    receiver.answer(503);
    let shift = 0;
    for (const pause of [15, 60, 300, 1800]) {
      expect(await arriving(send)).toHaveLength(1);
      shift += pause - 2;
      shiftTime(shift);
      expect(await arriving(send)).toHaveLength(0);
      shift += 3;
      shiftTime(shift);
    }
    expect(await arriving(send)).toHaveLength(1);
    expect(await waiting()).toEqual([{ attempts: 5, next_at: null }]);
    shiftTime(shift + 80_000);
    expect(await arriving(send)).toHaveLength(0);
  });

  test('that answers at the second try is told once', async () => {
    const { visitor } = await family();
    await signOut(server, visitor);
    receiver.answer(400);
    expect(await arriving(send)).toHaveLength(1);
    receiver.answer(204);
    shiftTime(20);
    expect(await arriving(send)).toHaveLength(1);
    expect(await waiting()).toEqual([]);
  });

  test('is told once, however many nodes look at the same time', async () => {
    const { visitor } = await family();
    await signOut(server, visitor);
    expect(await arriving(() => Promise.all(Array.from({ length: 10 }, send)))).toHaveLength(1);
  });

  test('hears nothing that it does not want to hear: kete-web has no such address', async () => {
    const { visitor } = await newFamily(server);
    await takeBack(server, visitor, { clientId: 'kete-web' });
    await signOut(server, visitor);
    expect(await arriving(send)).toEqual([]);
  });
});

describe('where it may be told', () => {
  const registration = {
    client_id: 'told',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    redirect_uris: ['https://told.example.test/cb'],
  };
  const faultsOf = async (change: object) => {
    const checked = await checkRegistration({ ...registration, ...change }, undefined, {
      apis: [],
      organizations: [],
      addressFault: (url) => (url.startsWith('https://told.') ? undefined : 'must be an https address'),
      hasSecret: () => false,
      issuer: server.issuer,
      ids: server.services.ids,
    });
    return 'faults' in checked ? checked.faults : [];
  };

  test.for([
    [{ backchannel_logout_uri: 'https://told.example.test/out' }, []],
    [{ backchannel_logout_uri: 'http://10.0.0.1/out' }, ['backchannel_logout_uri must be an https address']],
    [
      { backchannel_logout_uri: 'https://told.example.test/out#here' },
      ['backchannel_logout_uri must not have a fragment'],
    ],
    [
      { backchannel_logout_session_required: true },
      ['backchannel_logout_session_required needs backchannel_logout_uri'],
    ],
    [{ backchannel_logout_uri: 'javascript:alert(1)' }, ['backchannel_logout_uri must be a web address']],
    [
      { backchannel_logout_uri: 'https://told.example.test/out', grant_types: [], redirect_uris: [] },
      ['backchannel_logout_uri is for clients of authorization_code'],
    ],
  ] as const)('%o', async ([change, faults]) => {
    expect(await faultsOf(change)).toEqual(faults);
  });
});
