import { describe, expect, test } from 'vitest';
import { checkDiary, faultsOf, type Members } from './diary.ts';
import { wardKey } from './registrations.ts';

/** Registration of clients through which people sign in (RU-02, RFC 7591). */

async function metadataOf(change: Members): Promise<Members> {
  const result = await checkDiary(change);
  if ('faults' in result) throw new Error(result.faults.join('\n'));
  return result.record.metadata;
}

describe('a client for people', () => {
  test('is stored with the response type code, and what it said', async () => {
    expect(await metadataOf({})).toEqual({
      application_type: 'web',
      client_name: 'Diary',
      grant_types: ['authorization_code', 'refresh_token'],
      id_token_signed_response_alg: 'RS256',
      post_logout_redirect_uris: ['https://diary.example.test/'],
      redirect_uris: ['https://diary.example.test/cb'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    });
  });

  test.for<[string, Members, string]>([
    ['RS256 for a SMART application', {}, 'RS256'],
    ['ES256 without a SMART API', { apis: {} }, 'ES256'],
    ['what it asked for', { id_token_signed_response_alg: 'ES256' }, 'ES256'],
  ])('gets id_tokens of %s', async ([, change, alg]) => {
    expect(await metadataOf(change)).toMatchObject({ id_token_signed_response_alg: alg });
  });

  test('may be public, without a secret', async () => {
    const result = await checkDiary({ token_endpoint_auth_method: 'none' });
    expect(result).toMatchObject({ newSecret: undefined, record: { secrets: [] } });
  });

  test('may have keys instead of a secret', async () => {
    const change = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [wardKey] } };
    expect(await metadataOf(change)).toMatchObject({ jwks: { keys: [wardKey] } });
  });

  test.for<[string, Members, Members]>([
    [
      'to push its requests',
      { require_pushed_authorization_requests: true },
      { require_pushed_authorization_requests: true },
    ],
    ['the identity scopes that it needs', { scope: 'openid profile' }, { scope: 'openid profile' }],
    [
      'a home',
      { client_uri: 'https://diary.example.test/', initiate_login_uri: 'https://diary.example.test/start' },
      { initiate_login_uri: 'https://diary.example.test/start' },
    ],
  ])('may say %s', async ([, change, stored]) => {
    expect(await metadataOf(change)).toMatchObject(stored);
  });
});

const script = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  ' javascript:alert(1)',
  'java\tscript:alert(1)',
];
const schemes = [
  ...script,
  'data:text/html,x',
  'vbscript:x',
  'file:///etc/passwd',
  'blob:https://x.example.test/1',
];

describe('RU-02 a dangerous scheme is refused, and nothing stored, in', () => {
  test.for(['redirect_uris', 'post_logout_redirect_uris'])('%s', async (member) => {
    for (const uri of schemes) {
      for (const type of ['web', 'native']) {
        const faults = await faultsOf({
          application_type: type,
          [member]: ['https://diary.example.test/cb', uri],
        });
        expect(faults).toEqual([expect.stringMatching(new RegExp(`^${member}: `))]);
      }
    }
  });

  test.for(['client_uri', 'logo_uri', 'policy_uri', 'tos_uri', 'initiate_login_uri', 'jwks_uri'])(
    '%s',
    async (member) => {
      for (const uri of schemes) {
        const faults = await faultsOf({ [member]: uri });
        expect(faults.filter((fault) => fault.startsWith(`${member} must`)).length).toBeGreaterThanOrEqual(1);
      }
    },
  );
});
