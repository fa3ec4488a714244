import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { outcome, refreshForm, renew, tokenRequest } from '../../support/exchange.ts';
import { register } from '../../support/fixtures.ts';
import { practise, wardApp } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { listed } from '../../support/taken-back.ts';
import { shiftTime } from '../../support/time.ts';
import { authorise, createVisitor, exchangeForm, type TokenAnswer } from '../../support/visitor.ts';
import { addNotes, askedBy, isActiveAt, notesChange, notesWeb } from '../attacks/jwts.ts';
import { expectInactive } from '../exchange/introspection.ts';
import { signOut } from '../pages/leaving.ts';
import { putShah } from '../practitioners/surgery.ts';
import { type Family, familyGrant, jwtFamilies } from './families.ts';

/** A JWT says by itself that it is good. Introspection knows better: it asks for what stands behind it, each time. */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const consent = 'WHERE id = (SELECT consent_id FROM grants WHERE grant_id = $1)';
const account = `WHERE id = (SELECT account_id FROM consents ${consent})`;

/** Each ends what the family stands on, and can put it right again. */
const endings = [
  {
    what: 'the account was disabled',
    end: `UPDATE accounts SET disabled_at = now() ${account}`,
    restore: `UPDATE accounts SET disabled_at = NULL ${account}`,
  },
  {
    what: 'the consent was taken back',
    end: `UPDATE consents SET ended_at = now(), end_reason = 'withdrawn' ${consent}`,
    restore: `UPDATE consents SET ended_at = NULL, end_reason = NULL ${consent}`,
  },
  {
    what: 'the consent ran out',
    end: `UPDATE consents SET expires_at = now() - interval '1 second' ${consent}`,
    restore: `UPDATE consents SET expires_at = now() + interval '1 day' ${consent}`,
  },
  {
    what: 'the grant ended',
    end: 'UPDATE grants SET ended_at = now() WHERE grant_id = $1',
    restore: 'UPDATE grants SET ended_at = NULL WHERE grant_id = $1',
  },
] as const;

describe.for(jwtFamilies)('$what', ({ api, client, start }) => {
  let family: Family;
  let grant: string;
  beforeEach(async () => {
    family = await start(server);
    grant = await familyGrant(server, family);
  });

  const ask = ({ access_token: token }: TokenAnswer) => askedBy(server, api, token);
  const isActive = ({ access_token: token }: TokenAnswer) => isActiveAt(server, api, token);

  test.for(endings)('CO-03 are nothing at once when $what, and good when it is undone', async (ending) => {
    const next = await renew(server, family.first, client);
    await server.sql(ending.end, [grant]);
    for (const one of [family.first, next]) expectInactive(await ask(one));
    await server.sql(ending.restore, [grant]);
    for (const one of [family.first, next]) expect(await isActive(one)).toBe(true);
  });

  test('TK-01 are nothing when their code is used again, and every node is told of the grant', async () => {
    const next = await renew(server, family.first, client);
    expect(await listed(server, grant)).toEqual([]);
    expect(outcome(await tokenRequest(server, exchangeForm(family.authorised), client))).toBe(
      '400 invalid_grant',
    );
    for (const one of [family.first, next]) expectInactive(await ask(one));
    expect(await listed(server, grant)).toEqual([{ kind: 'grant' }]);
  });

  test('RT-01 are nothing when their refresh token is used again, and every node is told', async () => {
    const next = await renew(server, family.first, client);
    const last = await renew(server, next, client);
    expect(outcome(await tokenRequest(server, refreshForm(family.first.refresh_token), client))).toBe(
      '400 invalid_grant',
    );
    for (const one of [family.first, next, last]) expectInactive(await ask(one));
    expect(await listed(server, grant)).toEqual([{ kind: 'grant' }]);
  });

  test('are nothing when their application loses the API, and good when it has it again', async () => {
    const [clientId] = client;
    const [before] = await server.sql<{ scopes: string }>(
      'SELECT scopes FROM client_apis WHERE client_id = $1 AND api_id = $2',
      [clientId, api],
    );
    await server.sql('DELETE FROM client_apis WHERE client_id = $1 AND api_id = $2', [clientId, api]);
    shiftTime(2);
    expectInactive(await ask(family.first));
    await server.sql('INSERT INTO client_apis (client_id, api_id, scopes) VALUES ($1, $2, $3)', [
      clientId,
      api,
      before?.scopes,
    ]);
    shiftTime(4);
    expect(await isActive(family.first)).toBe(true);
  });
});

describe('a person who signs out', () => {
  const start = async (scope: string) => {
    const visitor = createVisitor(server.issuer);
    const authorised = await authorise(server, { visitor, change: { ...notesChange, scope } });
    const answer = await tokenRequest(server, exchangeForm(authorised), notesWeb);
    expect(answer.status).toBe(200);
    return { visitor, tokens: JSON.parse(answer.body) as TokenAnswer };
  };
  const scope = 'openid launch/patient patient/Patient.rs';

  test('ends the JWTs of applications that act while she is there', async () => {
    const { visitor, tokens } = await start(scope);
    expect(await isActiveAt(server, 'notes', tokens.access_token)).toBe(true);
    await signOut(server, visitor);
    expectInactive(await askedBy(server, 'notes', tokens.access_token));
  });

  test('leaves those alone that may act while she is away', async () => {
    const { visitor, tokens } = await start(`${scope} offline_access`);
    await signOut(server, visitor);
    expect(await isActiveAt(server, 'notes', tokens.access_token)).toBe(true);
  });

  test('ends nothing of another browser', async () => {
    const { tokens } = await start(scope);
    const { visitor } = await start(scope);
    await signOut(server, visitor);
    expect(await isActiveAt(server, 'notes', tokens.access_token)).toBe(true);
  });
});

test('a record that is not hers any more ends the JWTs that open it', async () => {
  const [kind] = jwtFamilies;
  const { first } = (await kind?.start(server)) ?? {};
  const token = first?.access_token ?? '';
  await server.sql(`UPDATE accounts SET patient = 'p-of-nobody' WHERE id = 'aroha'`);
  expectInactive(await askedBy(server, 'notes', token));
  await server.sql(`UPDATE accounts SET patient = 'p-aroha' WHERE id = 'aroha'`);
  expect(await isActiveAt(server, 'notes', token)).toBe(true);
});

test('a person who allows less ends the JWTs that could do more', async () => {
  const change = { ...notesChange, scope: 'openid launch/patient patient/Patient.rs patient/Observation.rs' };
  const visitor = createVisitor(server.issuer);
  const before = await authorise(server, { visitor, identifier: 'hana@example.test', change });
  const { access_token: token } = JSON.parse(
    (await tokenRequest(server, exchangeForm(before), notesWeb)).body,
  ) as TokenAnswer;
  expect(await isActiveAt(server, 'notes', token)).toBe(true);
  const less = { visitor, change: { ...change, prompt: 'consent' }, without: ['patient/Observation.rs'] };
  const after = await authorise(server, less);
  expectInactive(await askedBy(server, 'notes', token));
  const next = JSON.parse((await tokenRequest(server, exchangeForm(after), notesWeb)).body) as TokenAnswer;
  expect(next.scope).not.toContain('Observation');
  expect(await isActiveAt(server, 'notes', next.access_token)).toBe(true);
});

describe('a practitioner', () => {
  afterEach(() => putShah(server));

  const start = async () => {
    const { authorised } = await practise(server);
    if (authorised === undefined) throw new Error('there is no code');
    const answer = await tokenRequest(server, exchangeForm(authorised), wardApp);
    return (JSON.parse(answer.body) as TokenAnswer).access_token;
  };

  test('whose role ended has no token in it, also when it begins again', async () => {
    const token = await start();
    expect(await isActiveAt(server, 'reasonable-adjustments', token)).toBe(true);
    await putShah(server, { clinical: undefined });
    expectInactive(await askedBy(server, 'reasonable-adjustments', token));
    await putShah(server);
    expectInactive(await askedBy(server, 'reasonable-adjustments', token));
  });

  const setPractitioner = (id: string | null) =>
    server.sql(`UPDATE accounts SET practitioner = $1 WHERE id = 'priya'`, [id]);
  const setOrganization = (key: string) =>
    server.sql(`UPDATE clients SET organization = $1 WHERE client_id = 'ward-app'`, [key]);

  test.for<[string, () => Promise<unknown>, () => Promise<unknown>]>([
    [
      'whose account is no practitioner’s any more',
      () => setPractitioner(null),
      () => setPractitioner('pr-priya'),
    ],
    [
      'whose application is another organisation’s now',
      () => setOrganization('millbrook'),
      () => setOrganization('fernhill'),
    ],
    [
      'whose job role may do less now',
      () => putShah(server, { clinical: { jobRole: 'R8009' } }),
      () => putShah(server),
    ],
  ])('%s has no token, and has it again when that is undone', async ([, end, restore]) => {
    const token = await start();
    await end();
    try {
      shiftTime(2);
      expectInactive(await askedBy(server, 'reasonable-adjustments', token));
    } finally {
      await restore();
    }
    shiftTime(4);
    expect(await isActiveAt(server, 'reasonable-adjustments', token)).toBe(true);
  });

  test('who lost another role keeps it', async () => {
    const token = await start();
    await putShah(server, { millbrook: undefined });
    expect(await isActiveAt(server, 'reasonable-adjustments', token)).toBe(true);
  });
});

describe('a system', () => {
  const flags = { 'reasonable-adjustments': 'system/Flag.read' };
  const put = (apis: Readonly<Record<string, string>>) =>
    register(server, {
      client_id: 'night-desk',
      client_secret: 'a-secret-of-the-night-desk',
      grant_types: ['client_credentials'],
      organization: 'fernhill',
      asid: '200000990800',
      apis,
    });
  const obtain = async () => {
    const wish = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
    const answer = await server.token(wish, ['night-desk', 'a-secret-of-the-night-desk']);
    return ((await answer.json()) as TokenAnswer).access_token;
  };

  beforeEach(() => put(flags));

  test('that lost the API has no token for it, and has it again with the API', async () => {
    const token = await obtain();
    await put({ 'admin-api': 'admin.read' });
    expectInactive(await askedBy(server, 'reasonable-adjustments', token));
    await put(flags);
    expect(await isActiveAt(server, 'reasonable-adjustments', token)).toBe(true);
  });

  test('that was removed has none', async () => {
    const token = await obtain();
    await server.sql("DELETE FROM clients WHERE client_id = 'night-desk'");
    shiftTime(2);
    expectInactive(await askedBy(server, 'reasonable-adjustments', token));
  });
});
