import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createRevocations } from '../../../src/revocations/index.ts';
import { endDecisions } from '../../support/decisions.ts';
import {
  type Credentials,
  isActive,
  keteSpa,
  newFamily,
  renew,
  spaChange,
  tokenRequest,
  tryRefresh,
} from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  authorisationRequest,
  authorise,
  exchangeForm,
  introspect,
  type TokenAnswer,
  usualScope,
} from '../../support/visitor.ts';
import { addNotes, askedBy, isActiveAt, notesChange, notesWeb } from '../attacks/jwts.ts';
import { signOut } from '../pages/leaving.ts';
import { heldBy, takeBack } from './taking.ts';

/** One line of a decision is taken back: the application goes on with the rest, and nothing that it had opens that line. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
});
afterAll(() => server.close());
afterEach(() => endDecisions(server));

const taken = 'patient/Appointment.rs';
const scopes = (text: unknown) => String(text).split(' ').toSorted();
const withoutLine = scopes(usualScope).filter((scope) => scope !== taken);

const jwtChange = { ...notesChange, scope: usualScope };
const jwtFamily = () => newFamily(server, { change: jwtChange, client: notesWeb });

async function toldOf(tokens: TokenAnswer): Promise<Record<string, unknown>> {
  return JSON.parse((await askedBy(server, 'notes', tokens.access_token)).body) as Record<string, unknown>;
}

describe('CO-03 with opaque tokens', () => {
  test('every access token is over, and the refresh token brings one without the line', async () => {
    const { first, visitor } = await newFamily(server);
    const second = await renew(server, first);
    expect(second.scope).toContain(taken);
    expect((await takeBack(server, visitor, { clientId: 'kete-web', scope: taken })).status).toBe(303);
    expect(await isActive(server, first)).toBe(false);
    expect(await isActive(server, second)).toBe(false);
    const next = await renew(server, second);
    expect(scopes(next.scope)).toEqual(withoutLine);
    const told = await introspect(server, next.access_token);
    expect([told.active, scopes(told.scope)]).toEqual([true, withoutLine]);
    // Nor by asking for it.
    const asked = { grant_type: 'refresh_token', refresh_token: next.refresh_token ?? '', scope: usualScope };
    const again = JSON.parse((await tokenRequest(server, asked)).body) as TokenAnswer;
    expect(scopes(again.scope)).toEqual(withoutLine);
  });

  test('a code that was on its way brings no more than is left', async () => {
    const { visitor } = await newFamily(server, { change: { prompt: 'consent' } });
    const request = await authorise(server, { visitor, change: { prompt: 'consent' } });
    await takeBack(server, visitor, { clientId: 'kete-web', scope: 'patient/Immunization.rs' });
    const answer = await tokenRequest(server, exchangeForm(request));
    expect(answer.status).toBe(200);
    expect((JSON.parse(answer.body) as TokenAnswer).scope).not.toContain('Immunization');
  });

  test('access that lasts is a line of its own: without it the refresh token is over, and the decision goes on', async () => {
    const client: Credentials = keteSpa;
    const { first, visitor } = await newFamily(server, { change: spaChange, client });
    await takeBack(server, visitor, { clientId: 'kete-spa', scope: 'offline_access' });
    expect(await tryRefresh(server, first, client)).toBe('400 invalid_grant');
    expect(await isActive(server, first)).toBe(false);
    const anew = await newFamily(server, { visitor, change: { ...spaChange, prompt: 'none' }, client });
    expect(anew.first.refresh_token).toBeUndefined();
    expect(await isActive(server, anew.first)).toBe(true);
  });
});

describe('with JWTs', () => {
  test('those from before are over, also of the same second; the next refresh brings one that works', async () => {
    const { first, visitor } = await jwtFamily();
    const second = await renew(server, first, notesWeb);
    await takeBack(server, visitor, { clientId: 'notes-web', scope: taken });
    const next = await renew(server, second, notesWeb);
    expect(await isActiveAt(server, 'notes', first.access_token)).toBe(false);
    expect(await isActiveAt(server, 'notes', second.access_token)).toBe(false);
    const told = await toldOf(next);
    expect([told.active, scopes(told.scope)]).toEqual([true, withoutLine]);
    // No second needs to pass between what is over and what is good.
    const [before, after] = [second, next].map((tokens) => decodeJwt(tokens.access_token).iat ?? 0);
    expect((after ?? 0) - (before ?? 0)).toBeLessThanOrEqual(3);
  });

  test('a second line later: what came in between is over, too', async () => {
    const { first, visitor } = await jwtFamily();
    await takeBack(server, visitor, { clientId: 'notes-web', scope: taken });
    const between = await renew(server, first, notesWeb);
    await takeBack(server, visitor, { clientId: 'notes-web', scope: 'patient/Immunization.rs' });
    const last = await renew(server, between, notesWeb);
    expect(await isActiveAt(server, 'notes', first.access_token)).toBe(false);
    expect(await isActiveAt(server, 'notes', between.access_token)).toBe(false);
    const told = await toldOf(last);
    expect([told.active, scopes(told.scope)]).toEqual([
      true,
      withoutLine.filter((scope) => scope !== 'patient/Immunization.rs'),
    ]);
    const held = await heldBy(server, 'notes-web');
    const grant = decodeJwt(last.access_token).jti?.split('.')[0];
    const rows = await server.sql(`SELECT to_version FROM revocations WHERE kind = 'narrowed' AND id = $1`, [
      grant,
    ]);
    expect(rows).toEqual([{ to_version: (held?.version ?? 0) - 1 }]);
  });

  test('a token of the version of the program before, which says nothing of the decision, is over', async () => {
    const { first, visitor } = await jwtFamily();
    const grant = decodeJwt(first.access_token).jti?.split('.')[0];
    const { version = 0 } = (await heldBy(server, 'notes-web')) ?? {};
    await takeBack(server, visitor, { clientId: 'notes-web', scope: taken });
    const revocations = createRevocations(server.services);
    const now = new Date();
    const has = (of?: number) => revocations.has({ token: 'x', grant, version: of }, now);
    expect([await has(), await has(version), await has(version + 1)]).toEqual([true, true, false]);
  });
});

describe('an API that goes by another address since', () => {
  test('what was taken back meanwhile is in no token when it comes back', async () => {
    const { first, visitor } = await jwtFamily();
    const { catalogue } = server.services;
    const api = (await catalogue.all()).find(({ id }) => id === 'notes');
    if (api === undefined) throw new Error('there is no such API');
    await catalogue.put({ ...api, audience: 'https://moved.example.test/fhir/r4' }, { demo: false });
    expect((await takeBack(server, visitor, { clientId: 'notes-web', scope: taken })).status).toBe(303);
    await catalogue.put(api, { demo: false });
    expect(await isActiveAt(server, 'notes', first.access_token)).toBe(false);
    expect(scopes((await renew(server, first, notesWeb)).scope)).toEqual(withoutLine);
  });
});

describe('access that lasts, taken back', () => {
  test('makes what comes after it end with the session, JWTs too', async () => {
    const { visitor } = await jwtFamily();
    await takeBack(server, visitor, { clientId: 'notes-web', scope: 'offline_access' });
    const change = { ...jwtChange, prompt: 'none' };
    const { first } = await newFamily(server, { visitor, change, client: notesWeb });
    expect(await isActiveAt(server, 'notes', first.access_token)).toBe(true);
    await signOut(server, visitor);
    expect(await isActiveAt(server, 'notes', first.access_token)).toBe(false);
  });

  test('what was allowed to last, and is asked for without it once, goes on after the session', async () => {
    const { first, visitor } = await jwtFamily();
    const change = { ...jwtChange, scope: usualScope.replace(' offline_access', ''), prompt: 'none' };
    await newFamily(server, { visitor, change, client: notesWeb });
    await signOut(server, visitor);
    expect((await renew(server, first, notesWeb)).scope).toContain('offline_access');
  });
});

describe('what was taken back', () => {
  test('is not asked again, and stays refused without a page', async () => {
    const { visitor } = await newFamily(server);
    await takeBack(server, visitor, { clientId: 'kete-web', scope: taken });
    const { first } = await newFamily(server, { visitor, change: { prompt: 'none' } });
    expect(scopes(first.scope)).toEqual(withoutLine);
    expect(await isActive(server, first)).toBe(true);
  });

  test('takes along what has something in common with it', async () => {
    const wide = 'openid fhirUser launch/patient offline_access patient/Patient.rs patient/Appointment.rs';
    const change = { ...spaChange, scope: `${wide} patient/Appointment.r` };
    const { first, visitor } = await newFamily(server, { change, client: keteSpa });
    expect(scopes(first.scope)).toContain('patient/Appointment.r');
    await takeBack(server, visitor, { clientId: 'kete-spa', scope: taken });
    const next = await renew(server, first, keteSpa);
    expect(next.scope).not.toContain('Appointment');
  });

  test('stands in the audit in the same transaction, with whose it was, what, and what it became', async () => {
    const { visitor } = await newFamily(server);
    const before = await heldBy(server, 'kete-web');
    await takeBack(server, visitor, { clientId: 'kete-web', scope: taken });
    const after = await heldBy(server, 'kete-web');
    expect(after?.version).toBe((before?.version ?? 0) + 1);
    const rows = await server.sql(
      `SELECT subject, client_id, api_id, scope, detail->>'consent' AS consent, detail->>'next' AS next
       FROM audit_events WHERE type = 'consent.withdrawn' AND detail->>'consent' = $1`,
      [before?.id],
    );
    expect(rows).toEqual([
      {
        subject: 'aroha',
        client_id: 'kete-web',
        api_id: 'demo-fhir',
        scope: taken,
        consent: before?.id,
        next: after?.id,
      },
    ]);
  });

  test('is asked about, when everything is: prompt=none says consent_required', async () => {
    const { first, visitor } = await newFamily(server);
    await takeBack(server, visitor, { clientId: 'kete-web' });
    expect([await isActive(server, first), await tryRefresh(server, first)]).toEqual([
      false,
      '400 invalid_grant',
    ]);
    const { url } = authorisationRequest(server.issuer, { prompt: 'none' });
    const { location = '' } = await visitor.get(url);
    expect(new URL(location).searchParams.get('error')).toBe('consent_required');
  });
});

describe('what cannot be taken back alone', () => {
  test.for(['openid', 'fhirUser', 'launch/patient'])('%s: nothing happens', async (scope) => {
    const { first, visitor } = await newFamily(server);
    const before = await heldBy(server, 'kete-web');
    await takeBack(server, visitor, { clientId: 'kete-web', scope });
    expect(await heldBy(server, 'kete-web')).toEqual(before);
    expect(await isActive(server, first)).toBe(true);
  });
});
