import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Credentials, keteSpa, labWeb, registerLab } from '../../support/exchange.ts';
import { basic, startNode, type TestNode } from '../../support/fixtures.ts';
import { assertUser, practise, userContext, wardApp } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, exchangeForm, keteWeb, type TokenAnswer } from '../../support/visitor.ts';
import { addNotes, askedBy, kinds, newNotesFamily, notes, notesChange, notesWeb } from '../attacks/jwts.ts';
import { backEnd, createProofKey, prove, registerClients } from '../dpop/proof.ts';
import { askWhat, expectInactive } from '../exchange/introspection.ts';
import { tokensIn } from '../keys/swaps.ts';
import { secretOf } from '../token-endpoint/applicants.ts';

/** What the resource server of an API is told about a good JWT (RFC 7662 section 2.2), and that nobody else is told it. */

let server: TestServer;
let second: TestNode;

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
  await registerLab(server);
  await registerClients(server);
  second = await startNode(server);
});
afterAll(async () => {
  await second.close();
  await server.close();
});

const said = async (api: string, token: string, at: TestServer | TestNode = server) =>
  JSON.parse((await askedBy(at, api, token)).body) as Record<string, unknown>;

const all = [
  ...kinds,
  {
    what: 'a practitioner whom her own system signed in',
    api: 'gp-connect',
    obtain: async (at: TestServer) => tokensIn(await assertUser(at, await userContext(at))),
  },
];

/** Scopes that belong to no API; a token of the Spine profiles names only those of its own. */
const identity = new Set(['openid', 'fhirUser', 'launch/patient', 'offline_access']);

const scopesIn = (text: unknown) =>
  String(text)
    .split(' ')
    .filter((scope) => !identity.has(scope))
    .toSorted();

/** `acr` of those who signed in here; of a system, or of somebody whom another system signed in, there is nothing to say. */
const signedInWith: Readonly<Record<string, string>> = {
  'a patient': '1',
  'a practitioner at Spine Core': '2',
  'a practitioner at GP Connect': '2',
};

describe.for(all)('the JWT of $what', ({ what, api, obtain }) => {
  let tokens: TokenAnswer;
  beforeAll(async () => {
    tokens = await obtain(server);
  });

  test('is active, with the claims that it has and nothing else', async () => {
    const answer = await askedBy(server, api, tokens.access_token);
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    });
    const { scope: _told, ...told } = JSON.parse(answer.body);
    const { scope: _claimed, ...claims } = decodeJwt(tokens.access_token);
    const level = signedInWith[what];
    const signedIn = level === undefined ? {} : { acr: level, auth_time: expect.any(Number) };
    expect(told).toEqual({ ...claims, active: true, token_type: 'Bearer', ...signedIn });
  });

  test('has the scopes that the token response named', async () => {
    const { scope } = await said(api, tokens.access_token);
    expect(scopesIn(scope)).toEqual(scopesIn(tokens.scope));
  });

  test('is told of by every node in the same words', async () => {
    expect(await said(api, tokens.access_token, second)).toEqual(await said(api, tokens.access_token));
  });

  test.for(['access_token', 'refresh_token', 'something', ''])('may be asked about as a %s', async (hint) => {
    const plain = await askedBy(server, api, tokens.access_token);
    const headers = basic(`${api}-server`, secretOf(`${api}-server`));
    const hinted = await askWhat(server, { token: tokens.access_token, token_type_hint: hint }, headers);
    expect(hinted.body).toBe(plain.body);
  });

  test.for<[string, Credentials]>([
    ['a client that has it', notesWeb],
    ['another one that has it', wardApp],
    ['an application for patients', keteWeb],
    ['an application without any such API', labWeb],
    ['a system', ['clinic-backend', 'demo-secret-clinic-backend']],
  ])('is nothing to %s', async ([, [clientId, secret = '']]) => {
    expectInactive(await askWhat(server, { token: tokens.access_token }, basic(clientId, secret)));
  });

  test('is nothing to an application that can prove nothing', async () => {
    expectInactive(await askWhat(server, { token: tokens.access_token, client_id: keteSpa[0] }, {}));
  });
});

describe('the JWT of a SMART API', () => {
  test('says whose record it opens and who asks, as the token response and the ID token did', async () => {
    const { first } = await newNotesFamily(server);
    const { sub, iss, fhirUser, acr, auth_time } = decodeJwt(first.id_token ?? '');
    const found = await said('notes', first.access_token);
    expect(found).toEqual({
      active: true,
      token_type: 'Bearer',
      iss,
      sub,
      aud: notes,
      client_id: notesWeb[0],
      scope: first.scope,
      patient: first.patient,
      need_patient_banner: first.need_patient_banner,
      fhirUser,
      acr,
      auth_time,
      jti: expect.stringMatching(/^[^.]+\.[^.]+$/),
      iat: expect.any(Number),
      exp: Number(found.iat) + 300,
    });
    expect([sub, first.patient, fhirUser]).toEqual([
      'aroha',
      'p-aroha',
      expect.stringMatching(/\/Patient\/p-aroha$/),
    ]);
  });

  test('does not say who asks where the person did not allow that', async () => {
    const change = { ...notesChange, scope: 'openid launch/patient patient/Patient.rs' };
    const { first } = await newNotesFamilyOf('wiremu@example.test', change);
    const found = await said('notes', first.access_token);
    expect(found).toMatchObject({ active: true, sub: 'wiremu', patient: 'p-wiremu', scope: first.scope });
    expect(found).not.toHaveProperty('fhirUser');
  });
});

async function newNotesFamilyOf(identifier: string, change: Record<string, string>) {
  const authorised = await authorise(server, { identifier, change });
  const answer = await server.token(exchangeForm(authorised), [notesWeb[0], notesWeb[1] ?? '']);
  return { first: (await answer.json()) as TokenAnswer };
}

describe('a token that is bound to a key says so, and to which', () => {
  test.for<[string, string, () => Promise<[Record<string, string>, Credentials]>]>([
    [
      'a system’s JWT',
      'reasonable-adjustments',
      async () => [{ grant_type: 'client_credentials', scope: 'system/Flag.read' }, backEnd],
    ],
    [
      'a system’s opaque token',
      'demo-fhir',
      async () => [
        {
          grant_type: 'client_credentials',
          scope: 'system/Patient.rs',
          resource: `${server.issuer}/demo/fhir/r4`,
        },
        backEnd,
      ],
    ],
    [
      'a patient’s JWT',
      'notes',
      async () => [exchangeForm(await authorise(server, { change: notesChange })), notesWeb],
    ],
    [
      'a practitioner’s JWT',
      'reasonable-adjustments',
      async () => {
        const { authorised } = await practise(server);
        if (authorised === undefined) throw new Error('there is no code');
        return [exchangeForm(authorised), wardApp];
      },
    ],
  ])('%s', async ([, api, request]) => {
    const key = await createProofKey();
    const tokens = tokensIn(await prove(server, key, ...(await request())));
    expect(tokens.token_type).toBe('DPoP');
    expect(await said(api, tokens.access_token)).toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt: key.thumbprint },
    });
  });
});
