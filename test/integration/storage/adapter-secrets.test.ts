import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenedAdapter, openAdapter } from './adapter.ts';
import { fresh } from './artefacts.ts';

let adapter: OpenedAdapter;

beforeAll(async () => {
  adapter = await openAdapter();
});
afterAll(() => adapter.close());

/** Every model whose id is a bearer value: a token, a code, the value of a cookie. */
const bearerModels = [
  'Session',
  'Interaction',
  'PushedAuthorizationRequest',
  'AuthorizationCode',
  'AccessToken',
  'RefreshToken',
  'ClientCredentials',
  'DeviceCode',
  'BackchannelAuthenticationRequest',
  'InitialAccessToken',
  'RegistrationAccessToken',
];

const hash = (value: string) => createHash('sha256').update(value).digest('base64url');

describe('AD-06 who reads the database finds no bearer value', () => {
  test.each(bearerModels)('of %s, but its SHA-256', async (model) => {
    const value = fresh('bearer');
    await adapter.model(model).upsert(value, { jti: value, kind: model, uid: fresh('uid') }, 60);
    expect(await adapter.whereFound(value)).toEqual([]);
    expect(await adapter.whereFound(hash(value))).not.toEqual([]);
  });

  test.each(bearerModels)('of %s, and the library gets its jti back all the same', async (model) => {
    const value = fresh('bearer');
    const uid = fresh('uid');
    const payload = { jti: value, kind: model, uid, accountId: 'aroha', later: ['member'] };
    await adapter.model(model).upsert(value, payload, 60);
    expect(await adapter.model(model).find(value)).toEqual(payload);
    expect(
      await adapter.model(model).find(hash(value)),
      'the stored name is no bearer value',
    ).toBeUndefined();
  });

  test('but a grant has its plain id, which other artefacts refer to', async () => {
    const grantId = fresh('grant');
    await adapter.model('Grant').upsert(grantId, { jti: grantId, kind: 'Grant' }, 60);
    expect(await adapter.whereFound(grantId)).toEqual(['table oidc_artefacts']);
    expect(await adapter.model('Grant').find(grantId)).toEqual({ jti: grantId, kind: 'Grant' });
  });

  test("an interaction does not hold the session's cookie, but the rest of the session", async () => {
    const [value, cookie, uid] = [fresh('interaction'), fresh('cookie'), fresh('uid')];
    const session = { accountId: 'aroha', uid, acr: '1' };
    await adapter.model('Interaction').upsert(value, { jti: value, session: { ...session, cookie } }, 60);
    expect(await adapter.whereFound(cookie)).toEqual([]);
    expect(await adapter.model('Interaction').find(value)).toEqual({ jti: value, session });
  });

  test('a session is found by its uid, without the bearer value that nobody here knows', async () => {
    const [value, uid] = [fresh('cookie'), fresh('uid')];
    await adapter.model('Session').upsert(value, { jti: value, uid, accountId: 'aroha' }, 60);
    expect(await adapter.model('Session').findByUid(uid)).toEqual({ uid, accountId: 'aroha' });
    expect(await adapter.model('Session').findByUid(fresh('uid'))).toBeUndefined();
  });

  test('a device code is found by its user code', async () => {
    const [value, userCode] = [fresh('device'), fresh('code')];
    await adapter.model('DeviceCode').upsert(value, { jti: value, userCode }, 60);
    expect(await adapter.model('DeviceCode').findByUserCode(userCode)).toEqual({ userCode });
  });

  test('destroying takes the bearer value, too', async () => {
    const value = fresh('bearer');
    await adapter.model('AccessToken').upsert(value, { jti: value }, 60);
    await adapter.model('AccessToken').destroy(value);
    expect(await adapter.model('AccessToken').find(value)).toBeUndefined();
    expect(await adapter.whereFound(hash(value))).toEqual([]);
  });
});
