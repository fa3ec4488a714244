import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, form, type Sent, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { behindProxy, expectErrorAnswer, expectRefused, observe, type Refusal, titleOf } from './refusals.ts';

/** Parameters that stand there twice (AZ-03 of the threat model), or hold what cannot be stored. */

let server: TestServer;
let observations: Awaited<ReturnType<typeof observe>>;

const scope = 'system/Flag.read';
const grant = { grant_type: 'client_credentials', scope };
const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
const urlencoded = { 'Content-Type': 'application/x-www-form-urlencoded' };

const denied = (error: string) => ({ status: 400, error, deniedTo: 'clinic-backend' }) as const;
const anonymous = { status: 400, error: 'invalid_request' } as const;

const twice = (name: string, values: readonly [string, string], headers = clinic): Sent =>
  form(
    [...Object.entries(grant).filter(([other]) => other !== name), [name, values[0]], [name, values[1]]],
    headers,
  );

// Refused before anybody looks who sent it: two values could mean two things there, too.
const repeated: readonly Refusal[] = [
  {
    story: 'grant_type twice',
    sent: twice('grant_type', ['client_credentials', 'client_credentials']),
    ...anonymous,
  },
  {
    story: 'two grant types',
    sent: twice('grant_type', ['client_credentials', 'authorization_code']),
    ...anonymous,
  },
  { story: 'scope twice', sent: twice('scope', [scope, scope]), ...anonymous },
  {
    story: 'two scopes apart',
    sent: twice('scope', [scope, 'user/Flag.read']),
    ...anonymous,
  },
  {
    story: 'scope, and an empty scope',
    sent: twice('scope', [scope, '']),
    ...anonymous,
  },
  {
    story: 'reason_for_request twice',
    sent: twice('reason_for_request', ['directcare', 'directcare']),
    ...anonymous,
  },
  { story: 'client_id twice', sent: twice('client_id', ['clinic-backend', 'clinic-backend']), ...anonymous },
  { story: 'two client_ids', sent: twice('client_id', ['clinic-backend', 'admin-cli']), ...anonymous },
  { story: 'two assertions', sent: twice('client_assertion', ['a.b.c', 'd.e.f']), ...anonymous },
  {
    story: 'two secrets in the body beside Basic',
    sent: twice('client_secret', ['one', 'two']),
    ...anonymous,
  },
  {
    story: 'parameters named like members of a list',
    sent: form({ 'grant_type[]': 'client_credentials', 'scope[]': scope }, clinic),
    ...denied('invalid_request'),
  },
];

const nul = '\0';

/** U+0000 cannot be stored by PostgreSQL; it must end as a refusal, never as a fault of the server. */
const withNul: readonly Refusal[] = [
  ...['client_id', 'scope', 'resource', 'grant_type', 'reason_for_request', 'client_assertion', 'colour'].map(
    (name): Refusal => ({
      story: `U+0000 in ${name}`,
      sent: form({ ...grant, [name]: `a${nul}b` }, clinic),
      ...anonymous,
    }),
  ),
  {
    story: 'U+0000 in the name of a parameter',
    sent: form({ ...grant, [`a${nul}`]: 'b' }, clinic),
    ...anonymous,
  },
  {
    story: 'U+0000 in the second of two equal parameters',
    sent: twice('scope', [scope, nul]),
    ...anonymous,
  },
  {
    story: 'U+0000 in the client_id of a client that shows nothing else',
    sent: form({ ...grant, client_id: `clinic-backend${nul}` }),
    ...anonymous,
  },
  {
    story: 'U+0000 in the user of Basic',
    sent: form(grant, basic(`clinic-backend${nul}`, 'demo-secret-clinic-backend')),
    ...anonymous,
  },
  {
    story: 'U+0000 in the secret of Basic',
    sent: form(grant, basic('clinic-backend', `demo-secret-clinic-backend${nul}`)),
    ...anonymous,
  },
  {
    story: 'U+0000 as a bare byte in the body',
    sent: {
      headers: { ...urlencoded, ...clinic },
      body: `grant_type=client_credentials&scope=${scope}${nul}`,
    },
    ...anonymous,
  },
];

beforeAll(async () => {
  server = await startServer(behindProxy);
  observations = await observe(server, [...repeated, ...withNul]);
});

afterAll(() => server.close());

describe('AZ-03 repeated parameters', () => {
  for (const refusal of repeated) test(titleOf(refusal), () => expectRefused(refusal, observations));
});

describe('the character that cannot be stored', () => {
  for (const refusal of withNul) test(titleOf(refusal), () => expectRefused(refusal, observations));

  test('in the address: 400 invalid_request, before anything else is looked at', async () => {
    const answer = await send(server, { ...form(grant, clinic), path: '/token?colour=%00' });
    expectErrorAnswer(answer, { status: 400, error: 'invalid_request', usedAuthorization: true });
  });
});

describe('what passes', () => {
  test('a parameter that means nothing is ignored (RFC 6749 section 3.2)', async () => {
    const answer = await send(server, form({ ...grant, colour: 'green' }, clinic));
    expect(answer).toMatchObject({ status: 200 });
  });
});
