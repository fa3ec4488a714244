import { afterAll, beforeAll, describe, test } from 'vitest';
import { basic, form } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { applicants, registerApplicants, secretOf } from './applicants.ts';
import { behindProxy, expectRefused, observe, type Refusal, titleOf } from './refusals.ts';

/** Grants that must not exist, or not for this client (TK-04 of the threat model, RFC 6749 section 5.2). */

let server: TestServer;
let observations: Awaited<ReturnType<typeof observe>>;

const scope = 'system/Flag.read';
const grant = { grant_type: 'client_credentials', scope };
const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');

const denied = (error: string) => ({ status: 400, error, deniedTo: 'clinic-backend' }) as const;

const unsupportedGrants = [
  'password',
  'implicit',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:saml2-bearer',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:openid:params:grant-type:ciba',
  'REFRESH_TOKEN',
  'CLIENT_CREDENTIALS',
  'client_credentials ',
  '__proto__',
  'constructor',
  // The audit keeps the first thousand characters, and must not keep half a character.
  `${'x'.repeat(999)}\u{1f600}`,
];

const grants: readonly Refusal[] = [
  ...unsupportedGrants.map(
    (grantType): Refusal => ({
      story: `grant type ${grantType.slice(0, 60)}`,
      sent: form({ grant_type: grantType, scope, username: 'aroha@example.test', password: 'x' }, clinic),
      ...denied('unsupported_grant_type'),
    }),
  ),
  {
    story: 'the code grant by a client that may not use it',
    sent: form(
      { grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://x.example.test/' },
      clinic,
    ),
    ...denied('unauthorized_client'),
  },
  {
    story: 'the refresh token grant by a client that may not use it',
    sent: form({ grant_type: 'refresh_token', refresh_token: 'x' }, clinic),
    ...denied('unauthorized_client'),
  },
  {
    story: 'the client credentials grant by a client that may not use it',
    sent: form(grant, basic(applicants.idle, secretOf(applicants.idle))),
    ...denied('unauthorized_client'),
    deniedTo: applicants.idle,
  },
  { story: 'no grant type', sent: form({ scope }, clinic), ...denied('invalid_request') },
  {
    story: 'an empty grant type',
    sent: form({ grant_type: '', scope }, clinic),
    ...denied('invalid_request'),
  },
];

beforeAll(async () => {
  server = await startServer(behindProxy);
  await registerApplicants(server);
  observations = await observe(server, grants);
});

afterAll(() => server.close());

describe('TK-04 grants that must not exist', () => {
  for (const refusal of grants) test(titleOf(refusal), () => expectRefused(refusal, observations));
});
