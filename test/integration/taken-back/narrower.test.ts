import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Credentials, renew, tokenRequest } from '../../support/exchange.ts';
import { form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import type { TokenAnswer } from '../../support/visitor.ts';
import { addNotes, askedBy, isActiveAt } from '../attacks/jwts.ts';
import { backEnd, registerClients } from '../dpop/proof.ts';
import { expectInactive } from '../exchange/introspection.ts';
import { families } from './families.ts';

/**
 * Rights that became fewer since a token was issued. Its scope may not be told otherwise than it was (SMART App Launch 2.2,
 * token introspection), so a token that could do too much is nothing, and its client has to ask for another.
 */

let server: TestServer;
/** Seconds from real time: they only grow, so that what the node remembers of clients and APIs is left behind. */
let shift = 0;

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
  await registerClients(server);
});
afterAll(() => {
  shiftTime(0);
  return server.close();
});

function forget(): void {
  shift += 2;
  shiftTime(shift);
}

/** What a client may have at an API, or an API offers, is other than before while something is done. */
async function during(change: { table: string; key: string; lost: RegExp }, work: () => Promise<void>) {
  const { table, key, lost } = change;
  const [row] = await server.sql<{ scopes: string }>(`SELECT scopes FROM ${table} WHERE ${key}`);
  const before = row?.scopes ?? '';
  const left = before.split(' ').filter((scope) => !lost.test(scope));
  expect(left.length).toBeLessThan(before.split(' ').length);
  await server.sql(`UPDATE ${table} SET scopes = $1 WHERE ${key}`, [left.join(' ')]);
  forget();
  try {
    await work();
  } finally {
    await server.sql(`UPDATE ${table} SET scopes = $1 WHERE ${key}`, [before]);
    forget();
  }
}

interface Told {
  readonly api: string;
  readonly client: Credentials;
  /** Matches what the token has and is to be lost. */
  readonly lost: RegExp;
  /** Matches what the token does not have. */
  readonly other: RegExp;
  obtain(): Promise<TokenAnswer>;
}

const ofSystem = async (scope: string, resource: string): Promise<TokenAnswer> => {
  const wish = { grant_type: 'client_credentials', scope, resource };
  return JSON.parse((await tokenRequest(server, wish, backEnd)).body) as TokenAnswer;
};

/** Whether a scope opens something of a person’s, or only what the token of a system does not have. */
const lostByPerson: Readonly<Record<string, Pick<Told, 'lost' | 'other'>>> = {
  'demo-fhir': { lost: /^patient\/(\*|Patient)/, other: /^system\// },
  notes: { lost: /^patient\/(\*|Patient)/, other: /^system\// },
  'reasonable-adjustments': { lost: /^user\/Flag\.write$/, other: /^user\/List\.write$/ },
};

const cases: readonly (readonly [string, () => Told])[] = [
  ...families.map(({ what, api, client, start }): readonly [string, () => Told] => [
    what,
    () => ({
      api,
      client,
      ...(lostByPerson[api] ?? { lost: /./, other: /./ }),
      obtain: async () => (await start(server)).first,
    }),
  ]),
  [
    'a system’s JWT',
    () => ({
      api: 'reasonable-adjustments',
      client: backEnd,
      lost: /^system\/Flag\.read$/,
      other: /^user\//,
      obtain: () => ofSystem('system/Flag.read', 'https://spine.example.test/raflags/STU3'),
    }),
  ],
  [
    'a system’s opaque token',
    () => ({
      api: 'demo-fhir',
      client: backEnd,
      lost: /^system\/(\*|Patient)/,
      other: /^patient\//,
      obtain: () => ofSystem('system/Patient.rs', `${server.issuer}/demo/fhir/r4`),
    }),
  ],
];

describe.for(cases)('%s', ([, told]) => {
  const ask = (tokens: TokenAnswer) => askedBy(server, told().api, tokens.access_token);
  const isActive = (tokens: TokenAnswer) => isActiveAt(server, told().api, tokens.access_token);

  test('is nothing while the API lacks a scope that it has', async () => {
    const { api, lost, obtain } = told();
    const tokens = await obtain();
    expect(await isActive(tokens)).toBe(true);
    await during({ table: 'apis', key: `id = '${api}'`, lost }, async () =>
      expectInactive(await ask(tokens)),
    );
    expect(await isActive(tokens)).toBe(true);
  });

  test('is what it was while the API lacks a scope that it has not', async () => {
    const { api, other, obtain } = told();
    const tokens = await obtain();
    await during({ table: 'apis', key: `id = '${api}'`, lost: other }, async () => {
      expect(JSON.parse((await ask(tokens)).body)).toMatchObject({ active: true });
    });
  });
});

const held = ({ api, client }: Pick<Told, 'api' | 'client'>) => ({
  table: 'client_apis',
  key: `client_id = '${client[0]}' AND api_id = '${api}'`,
});

test.for(cases)('%s is nothing while its client lacks a scope that it has', async ([, told]) => {
  const { api, client, obtain } = told();
  const tokens = await obtain();
  const lost = lostByPerson[api]?.lost ?? /./;
  await during({ ...held({ api, client }), lost: client === backEnd ? /^system\// : lost }, async () =>
    expectInactive(await askedBy(server, api, tokens.access_token)),
  );
  expect(await isActiveAt(server, api, tokens.access_token)).toBe(true);
});

test('what is left can be had with the refresh token', async () => {
  const kind = families.find(({ api }) => api === 'reasonable-adjustments');
  if (kind === undefined) throw new Error('there is no such family');
  const { first } = await kind.start(server);
  expect(first.scope).toMatch(/Flag\.write/);
  await during({ ...held(kind), lost: /^user\/Flag\.write$/ }, async () => {
    expectInactive(await askedBy(server, kind.api, first.access_token));
    const next = await renew(server, first, kind.client);
    expect(next.scope).not.toMatch(/Flag\.write/);
    expect(await isActiveAt(server, kind.api, next.access_token)).toBe(true);
  });
});

test('a bearer token may not ask any more once its client may not', async () => {
  await server.sql(
    `UPDATE client_apis SET scopes = 'system/Patient.rs introspect' WHERE client_id = $1 AND api_id = 'demo-fhir'`,
    [backEnd[0]],
  );
  forget();
  const { access_token: bearer } = await ofSystem('introspect', `${server.issuer}/demo/fhir/r4`);
  const ask = () =>
    send(server, {
      ...form({ token: bearer }, { Authorization: `Bearer ${bearer}` }),
      path: '/token/introspection',
    });
  expect((await ask()).status).toBe(200);
  await during({ ...held({ api: 'demo-fhir', client: backEnd }), lost: /^introspect$/ }, async () => {
    expect((await ask()).status).toBe(401);
  });
});
