import { describe, expect, test } from 'vitest';
import { checkDiary, type Members } from './diary.ts';
import { wardKey } from './registrations.ts';

/** Registration of systems that sign their users in themselves (RFC 7523 section 2.1) and of bound tokens (RFC 9449 section 5.2). */

const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** The clinical system of Fernhill Hospital, with which nobody can find fault. */
const clinic: Members = {
  client_id: 'gp-clinic',
  client_name: 'Fernhill Clinic',
  organization: 'fernhill',
  grant_types: [grant],
  redirect_uris: undefined,
  post_logout_redirect_uris: undefined,
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [wardKey] },
  apis: { 'gp-connect': 'patient/*.read organization/*.read conf/N' },
};

const bySecret = { token_endpoint_auth_method: 'client_secret_basic' };
const byNothing = { token_endpoint_auth_method: 'none' };

const check = (change: Members) => checkDiary({ ...clinic, ...change });

async function accepted(change: Members = {}) {
  const result = await check(change);
  if ('faults' in result) throw new Error(result.faults.join('\n'));
  return result;
}

async function faultsOf(change: Members): Promise<readonly string[]> {
  const result = await check(change);
  if (!('faults' in result)) throw new Error('expected a refusal');
  return result.faults;
}

describe('a system that asserts who its user is', () => {
  test('is stored as it said, without response types and redirect URIs', async () => {
    const { record, warnings } = await accepted();
    expect(record.metadata).toEqual({
      application_type: 'web',
      client_name: 'Fernhill Clinic',
      grant_types: [grant],
      jwks: { keys: [wardKey] },
      token_endpoint_auth_method: 'private_key_jwt',
    });
    expect(warnings).toEqual([]);
  });

  test('may have people sign in here as well', async () => {
    const { record } = await accepted({
      grant_types: [grant, 'authorization_code', 'refresh_token'],
      redirect_uris: ['https://clinic.fernhill.example.test/cb'],
    });
    expect(record.metadata).toMatchObject({
      grant_types: [grant, 'authorization_code', 'refresh_token'],
      response_types: ['code'],
    });
  });

  test('may have a secret for itself and keys for its assertions', async () => {
    const { record, newSecret, warnings } = await accepted(bySecret);
    expect(record.metadata).toMatchObject({ ...bySecret, jwks: { keys: [wardKey] } });
    expect(newSecret).toBeDefined();
    expect(warnings).toEqual([]);
  });

  test('may publish its keys', async () => {
    const jwks_uri = 'https://keys.fernhill.example.test/jwks.json';
    const { record } = await accepted({ ...bySecret, jwks: undefined, jwks_uri });
    expect(record.metadata).toMatchObject({ jwks_uri });
  });

  test.for<[string, Members, string]>([
    ['anybody could be it', byNothing, `${grant} needs a client that can prove who it is`],
    [
      'it has no keys',
      { ...bySecret, jwks: undefined },
      `${grant} needs jwks or jwks_uri: assertions are verified with these keys`,
    ],
    [
      'it belongs to nobody',
      { organization: undefined },
      `${grant} needs organization: the one for which the users ask`,
    ],
    [
      'it wants refresh tokens without codes',
      { grant_types: [grant, 'refresh_token'] },
      'refresh_token needs authorization_code',
    ],
    [
      'it names response types',
      { response_types: ['code'] },
      'response_types are for clients of authorization_code',
    ],
  ])('is refused if %s', async ([, change, fault]) => {
    expect(await faultsOf(change)).toEqual([fault]);
  });

  test('is told everything that is missing', async () => {
    const faults = await faultsOf({ ...byNothing, jwks: undefined, organization: undefined });
    expect(faults).toEqual([
      `${grant} needs a client that can prove who it is`,
      `${grant} needs jwks or jwks_uri: assertions are verified with these keys`,
      `${grant} needs organization: the one for which the users ask`,
    ]);
  });

  test.for<[string, Members]>([
    ['no API', { apis: {} }],
    ['an API whose tokens name nobody', { apis: { 'admin-api': 'admin.read' } }],
  ])('is warned if it was given %s', async ([, change]) => {
    expect((await accepted(change)).warnings).toEqual([
      `${grant} opens nothing: none of apis has tokens that name a practitioner`,
    ]);
  });
});

describe('keys', () => {
  test('that nothing is verified with are taken with a warning', async () => {
    const { warnings } = await accepted({ ...bySecret, grant_types: ['client_credentials'] });
    expect(warnings).toEqual([`the keys are not used: they are for private_key_jwt and ${grant}`]);
  });

  test('of a client that authenticates with them need no other use', async () => {
    expect((await accepted({ grant_types: ['client_credentials'] })).warnings).toEqual([]);
  });
});

describe('dpop_bound_access_tokens', () => {
  test.for([true, false])('%s is stored', async (demand) => {
    const { record, ignored } = await accepted({ dpop_bound_access_tokens: demand });
    expect(record.metadata).toMatchObject({ dpop_bound_access_tokens: demand });
    expect(ignored).toEqual([]);
  });

  test('may be left out', async () => {
    expect((await accepted()).record.metadata).not.toHaveProperty('dpop_bound_access_tokens');
  });

  test.for(['true', 1, null, []])('%j is refused', async (value) => {
    expect(await faultsOf({ dpop_bound_access_tokens: value })).toEqual([
      'dpop_bound_access_tokens must be true or false',
    ]);
  });
});
