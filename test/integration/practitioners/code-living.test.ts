import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectInvalidGrant, outcome, refreshForm, tokenRequest } from '../../support/exchange.ts';
import { millbrookRole, practise } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { type Authorised, createVisitor, exchangeForm, type TokenAnswer } from '../../support/visitor.ts';
import { tally } from '../token-endpoint/refusals.ts';
import { putRangi, putShah, registerSurgery, surgeryApp, surgeryChange } from './surgery.ts';

/** Every token request looks the role up again: nothing is issued in one that ended. */

let server: TestServer;
let tokens: TokenAnswer;
let waiting: Authorised;

const enabled = "UPDATE accounts SET disabled_at = NULL WHERE id = 'priya'";

beforeAll(async () => {
  server = await startServer();
});
beforeEach(async () => {
  await server.sql(enabled);
  await putShah(server);
  await registerSurgery(server);
  const visitor = createVisitor(server.issuer);
  const first = await practise(server, { visitor, change: surgeryChange });
  const second = await practise(server, { visitor, change: surgeryChange });
  if (first.authorised === undefined || second.authorised === undefined) throw new Error('no code');
  const answer = await tokenRequest(server, exchangeForm(first.authorised), surgeryApp);
  tokens = JSON.parse(answer.body) as TokenAnswer;
  waiting = second.authorised;
});
afterAll(() => server.close());

const forms = () => [exchangeForm(waiting), refreshForm(tokens.refresh_token)];

const dead: readonly (readonly [string, () => Promise<unknown>, () => Promise<unknown>])[] = [
  [
    'the application is another organisation’s now',
    () => registerSurgery(server, { organization: 'platform' }),
    () => registerSurgery(server),
  ],
  [
    'the application is that of an organisation at which she has other roles',
    () => registerSurgery(server, { organization: 'fernhill' }),
    () => registerSurgery(server),
  ],
  [
    'the account is disabled',
    () => server.sql("UPDATE accounts SET disabled_at = now() WHERE id = 'priya'"),
    () => server.sql(enabled),
  ],
  [
    'the account is no practitioner’s any more',
    () => server.sql("UPDATE accounts SET practitioner = NULL WHERE id = 'priya'"),
    () => server.sql("UPDATE accounts SET practitioner = 'pr-priya' WHERE id = 'priya'"),
  ],
];

test('the role ended: code and refresh token are invalid_grant, also when it begins again', async () => {
  await putShah(server, { millbrook: undefined });
  for (const form of forms()) expectInvalidGrant(await tokenRequest(server, form, surgeryApp));
  await putShah(server);
  for (const form of forms()) expectInvalidGrant(await tokenRequest(server, form, surgeryApp));
  // What she decided in the role ended with it: she is asked again.
  const { authorised } = await practise(server, { change: surgeryChange });
  if (authorised === undefined) throw new Error('no code');
  expect(outcome(await tokenRequest(server, exchangeForm(authorised), surgeryApp))).toBe('200');
  const consents = await server.sql<{ end_reason: string | null }>(
    'SELECT end_reason FROM consents WHERE client_id = $1 ORDER BY decided_at DESC LIMIT 2',
    [surgeryApp[0]],
  );
  expect(consents.map((row) => row.end_reason)).toEqual([null, 'role ended']);
});

describe.for(dead)('%s', ([, end, restore]) => {
  test('code and refresh token are invalid_grant, nothing is issued, and both are good when it is undone', async () => {
    await end();
    const before = await tally(server);
    for (const form of forms()) expectInvalidGrant(await tokenRequest(server, form, surgeryApp));
    expect(await tally(server)).toEqual(before);
    await restore();
    for (const form of forms()) expect(outcome(await tokenRequest(server, form, surgeryApp))).toBe('200');
  });
});

test.for([
  ['another profile', '100000000299'],
  ['the same profile', millbrookRole],
  ['no profile', undefined],
] as const)(
  'a role that was replaced by one at the same organisation with %s is not that one',
  async ([, roleProfile]) => {
    await putShah(server, { millbrook: { id: `priya-millbrook-${roleProfile ?? 'local'}`, roleProfile } });
    for (const form of forms()) expectInvalidGrant(await tokenRequest(server, form, surgeryApp));
  },
);

test('the end of one person’s role is nobody else’s', async () => {
  const { authorised } = await practise(server, {
    change: surgeryChange,
    identifier: 'rangi@example.test',
  });
  if (authorised === undefined) throw new Error('no code');
  await putShah(server, { millbrook: undefined });
  const answer = await tokenRequest(server, exchangeForm(authorised), surgeryApp);
  expect(outcome(answer)).toBe('200');
  await putRangi(server, 'ended');
  const { refresh_token: token } = JSON.parse(answer.body) as TokenAnswer;
  expectInvalidGrant(await tokenRequest(server, refreshForm(token), surgeryApp));
  await putRangi(server);
});

test('a living role that was only renamed stays that role', async () => {
  await putShah(server, { millbrook: { name: 'Partner' } });
  for (const form of forms()) {
    const answer = await tokenRequest(server, form, surgeryApp);
    expect(outcome(answer)).toBe('200');
    const { access_token: token } = JSON.parse(answer.body) as TokenAnswer;
    const user = `https://fhir.nhs.uk/Id/sds-role-profile-id|${millbrookRole}`;
    expect(decodeJwt(token)).toMatchObject({ requesting_user: user, sub: user });
  }
});

test('nobody can take over somebody else’s role', async () => {
  await expect(putRangi(server, { id: 'priya-millbrook-clinical' })).rejects.toThrow(
    'the id of a role is that of another role',
  );
  // Nor is anything of the attempt left: his own role is alive.
  expect(await server.services.practitioners.rolesAt('rangi', 'millbrook')).toHaveLength(1);
  for (const form of forms()) expect(outcome(await tokenRequest(server, form, surgeryApp))).toBe('200');
});
