import { createRemoteJWKSet } from 'jose';
import { expect } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createValidator, type Profile } from '../../../src/validator/index.ts';
import { type Credentials, newFamily, redeem } from '../../support/exchange.ts';
import { type Answer, basic, form, register, send } from '../../support/fixtures.ts';
import { adjustments, clinicTokens, gpConnect, wardTokens } from '../../support/practitioner.ts';
import type { TestServer } from '../../support/server.ts';
import { authorise, type TokenAnswer } from '../../support/visitor.ts';
import { fhirServer } from '../exchange/introspection.ts';
import { secretOf } from '../token-endpoint/applicants.ts';

/** An API like the demo FHIR server, but for its tokens: they are JWTs. */
export const notes = 'https://notes.example.test/fhir/r4';

/** The application that reads it for patients, and what it asks for. */
export const notesWeb: Credentials = ['notes-web', secretOf('notes-web')];
export const notesChange = {
  client_id: 'notes-web',
  aud: notes,
  scope: 'openid fhirUser launch/patient offline_access patient/Patient.rs',
};

/** Adds the API with its application, and a resource server for each API whose tokens are JWTs. */
export async function addNotes(server: TestServer): Promise<void> {
  const { catalogue } = server.services;
  const demoFhir = (await catalogue.all()).find(({ id }) => id === 'demo-fhir');
  if (demoFhir === undefined) throw new Error('there is no demo FHIR server');
  const api = { ...demoFhir, id: 'notes', audience: notes, tokenFormat: 'jwt', tokenLifetime: 300 } as const;
  await catalogue.put(api, { demo: false });
  const [clientId, secret] = notesWeb;
  const asks = (id: string) => ({
    client_id: `${id}-server`,
    client_secret: secretOf(`${id}-server`),
    grant_types: [],
    organization: 'platform',
    apis: { [id]: 'introspect' },
  });
  await register(
    server,
    {
      client_id: clientId,
      client_secret: secret,
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['http://127.0.0.1:8090/cb'],
      organization: 'kete',
      apis: { notes: 'openid fhirUser launch/patient offline_access patient/*.rs' },
    },
    asks('notes'),
    asks('reasonable-adjustments'),
    asks('gp-connect'),
    asks('admin-api'),
  );
}

/** Whose JWTs there are. Each is for one API; those of the NHS profiles can be validated by a resource server itself. */
interface Kind {
  readonly what: string;
  readonly api: string;
  readonly audience: (issuer: string) => string;
  readonly profile?: Profile;
  obtain(server: TestServer): Promise<TokenAnswer>;
}

async function ofSystem(server: TestServer, client: string, scope: string): Promise<TokenAnswer> {
  const answer = await server.token({ grant_type: 'client_credentials', scope }, [
    client,
    `demo-secret-${client}`,
  ]);
  return (await answer.json()) as TokenAnswer;
}

export const kinds: readonly Kind[] = [
  {
    what: 'a patient',
    api: 'notes',
    audience: () => notes,
    obtain: async (server) => redeem(server, await authorise(server, { change: notesChange }), notesWeb),
  },
  {
    what: 'a practitioner at Spine Core',
    api: 'reasonable-adjustments',
    audience: () => adjustments,
    profile: 'spine-core',
    obtain: (server) => wardTokens(server),
  },
  {
    what: 'a practitioner at GP Connect',
    api: 'gp-connect',
    audience: () => gpConnect,
    profile: 'gp-connect',
    obtain: (server) => clinicTokens(server),
  },
  {
    what: 'a system at Spine Core',
    api: 'reasonable-adjustments',
    audience: () => adjustments,
    profile: 'spine-core',
    obtain: (server) => ofSystem(server, 'clinic-backend', 'system/Flag.read'),
  },
  {
    what: 'a system of the platform',
    api: 'admin-api',
    audience: (issuer) => `${issuer}/api/admin/v1`,
    obtain: (server) => ofSystem(server, 'admin-cli', 'admin.read'),
  },
];

/** A family of JWTs of a patient: signed in with a browser of its own. */
export const newNotesFamily = (server: Pick<TestServer, 'issuer'>) =>
  newFamily(server, { change: notesChange, client: notesWeb });

type Place = Pick<TestServer, 'issuer'> & { readonly port?: number };

/** Credentials of the resource server of an API; that of the demo FHIR server came with the demo world. */
const serverOf = (api: string) =>
  api === 'demo-fhir' ? fhirServer : basic(`${api}-server`, secretOf(`${api}-server`));

/** What the resource server of an API is told about a token. */
export const askedBy = (at: Place, api: string, token: string): Promise<Answer> =>
  send(at, { ...form({ token }, serverOf(api)), path: '/token/introspection' });

/** Whether the resource server of an API is told that a token is good. */
export async function isActiveAt(at: Place, api: string, token: string): Promise<boolean> {
  const { status, body } = await askedBy(at, api, token);
  expect(status).toBe(200);
  return (JSON.parse(body) as { active: boolean }).active;
}

/** The verdict of a resource server that checks a token itself. */
export async function verdictOf(issuer: string, profile: Profile, token: string): Promise<string> {
  const validator = createValidator({
    profile,
    issuer,
    keys: createRemoteJWKSet(new URL(`${issuer}/jwks`)),
    clock: systemClock,
    audiences: [profile === 'gp-connect' ? gpConnect : adjustments],
    asids: [],
    via: 'none',
  });
  return (await validator.check({ headers: { authorization: `Bearer ${token}` } })).verdict;
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** 401 in the words of RFC 6750 section 3.1, and nothing about anybody. */
function expectInvalidToken({ status, headers, body }: Answer, where: string): void {
  expect({ where, status }).toEqual({ where, status: 401 });
  expect(headers['www-authenticate'], where).toMatch(/^Bearer .*error="invalid_token"/);
  expect(headers['cache-control'], where).toContain('no-store');
  expect(body, where).not.toMatch(/aroha|Ngata|"active"/);
}

/**
 * A text in the place of an access token opens nothing: not who somebody is, not the FHIR server of the demo world, not
 * introspection, and nobody is told that it is a token.
 */
export async function expectUseless(server: TestServer, token: string): Promise<void> {
  const me = await send(server, { method: 'GET', path: '/me', headers: bearer(token) });
  expectInvalidToken(me, '/me');
  const record = '/demo/fhir/r4/Patient/p-aroha';
  expectInvalidToken(await send(server, { method: 'GET', path: record, headers: bearer(token) }), record);
  const asking = { ...form({ token }, bearer(token)), path: '/token/introspection' };
  expectInvalidToken(await send(server, asking), 'who asks at /token/introspection');
  for (const api of ['demo-fhir', 'notes', 'reasonable-adjustments', 'gp-connect', 'admin-api']) {
    const { status, headers, body } = await askedBy(server, api, token);
    expect({ api, status, body }).toEqual({ api, status: 200, body: '{"active":false}' });
    expect(headers['cache-control']).toBe('no-store');
  }
  for (const profile of ['spine-core', 'gp-connect'] as const)
    expect({ profile, verdict: await verdictOf(server.issuer, profile, token) }).toEqual({
      profile,
      verdict: 'refused',
    });
}
