import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { shiftTime } from '../../support/time.ts';
import { type OpenedAdapter, openAdapter } from './adapter.ts';
import { fresh, together } from './artefacts.ts';

type Jwks = NonNullable<Configuration['jwks']>;

let adapter: OpenedAdapter;
let provider: Provider;
let client: InstanceType<Provider['Client']>;

/** The library with its own models on our adapter; nothing of ours is in between. */
beforeAll(async () => {
  adapter = await openAdapter();
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk: JWK = { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'story' };
  const hour = 3600;
  provider = new Provider('https://auth.example.test', {
    adapter: adapter.factory,
    jwks: { keys: [jwk] } as Jwks,
    cookies: { keys: ['a key that only this story knows of'] },
    features: { devInteractions: { enabled: false }, pushedAuthorizationRequests: { enabled: true } },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    ttl: { AuthorizationCode: 60, RefreshToken: hour, AccessToken: hour, Session: hour, Grant: hour },
  });
  const found = await provider.Client.find('kete-web');
  if (found === undefined) throw new Error('the client of the story is missing');
  client = found;
});
afterEach(() => shiftTime(0));
afterAll(() => adapter.close());

const common = () => ({ client, accountId: 'aroha', scope: 'openid', gty: 'authorization_code' });

const savedCode = (grantId: string) =>
  new provider.AuthorizationCode({
    ...common(),
    grantId,
    redirectUri: 'https://kete.example.test/cb',
  } as ConstructorParameters<Provider['AuthorizationCode']>[0]).save();

const savedRefreshToken = (grantId: string) =>
  new provider.RefreshToken({
    ...common(),
    grantId,
    rotations: 0,
  } as ConstructorParameters<Provider['RefreshToken']>[0]).save();

/** What the two have in common; the package's types do not know of `consumed`. */
interface OneTime {
  readonly jti: string;
  readonly consumed?: unknown;
  readonly isValid: boolean;
  consume(): Promise<void>;
}

interface Kind {
  readonly name: string;
  save(grantId: string): Promise<string>;
  find(value: string): Promise<OneTime | undefined>;
}

const kinds: readonly Kind[] = [
  {
    name: 'an authorisation code',
    save: savedCode,
    find: (value) => provider.AuthorizationCode.find(value),
  },
  { name: 'a refresh token', save: savedRefreshToken, find: (value) => provider.RefreshToken.find(value) },
];

describe.each(kinds)("the library's own object for $name", ({ save, find }) => {
  test('is found as it was saved, and its value stands nowhere', async () => {
    const grantId = fresh('grant');
    const value = await save(grantId);
    expect(await find(value)).toMatchObject({
      jti: value,
      grantId,
      accountId: 'aroha',
      clientId: 'kete-web',
    });
    expect(await adapter.whereFound(value)).toEqual([]);
    expect(await find(`${value}x`)).toBeUndefined();
  });

  test('is consumed, and says so when it is found again', async () => {
    const value = await save(fresh('grant'));
    const one = await find(value);
    expect(one?.consumed).toBeUndefined();
    await one?.consume();
    const again = await find(value);
    expect(again?.consumed).toEqual(expect.any(Number));
    expect(again?.isValid).toBe(false);
  });

  test('has one winner of 50 that found it unused and consume it at once', async () => {
    const value = await save(fresh('grant'));
    const found = await together(50, () => find(value));
    expect(found.every((one) => one?.isValid)).toBe(true);
    const outcomes = await Promise.all(
      found.map(async (one) =>
        one?.consume().then(
          () => 'won',
          (error: Error & { error?: string }) => error.error ?? String(error),
        ),
      ),
    );
    expect(outcomes.toSorted()).toEqual([...Array<string>(49).fill('invalid_grant'), 'won']);
  });

  test('is gone with its grant, though only access tokens are revoked', async () => {
    // The library asks the other models only if the client's present grant types include theirs.
    const [withdrawn, kept] = [await save('withdrawn'), await save('kept')];
    await provider.AccessToken.revokeByGrantId('withdrawn');
    expect(await find(withdrawn)).toBeUndefined();
    expect(await find(kept)).toBeDefined();
  });

  test('is not found once it has expired', async () => {
    const value = await save(fresh('grant'));
    shiftTime(2 * 3600);
    expect(await find(value)).toBeUndefined();
  });
});

describe("the library's own session", () => {
  test('is found by cookie and by uid; with a new id, only under that', async () => {
    const session = new provider.Session();
    session.loginAccount({ accountId: 'aroha' });
    await session.save(3600);
    const [cookie, uid] = [session.jti, session.uid];
    expect(await provider.Session.find(cookie)).toMatchObject({ uid, accountId: 'aroha' });
    expect(await provider.Session.findByUid(uid)).toMatchObject({ uid, accountId: 'aroha' });
    session.resetIdentifier();
    await session.save(3600);
    expect(await provider.Session.find(cookie)).toBeUndefined();
    expect(await provider.Session.find(session.jti)).toMatchObject({ uid, accountId: 'aroha' });
    expect(await adapter.whereFound(session.jti)).toEqual([]);
  });

  test('saved by two requests that both gave it a new id: no error, and the uid leads to one of them', async () => {
    const session = new provider.Session();
    session.loginAccount({ accountId: 'aroha' });
    await session.save(3600);
    const tabs = await together(2, async () => provider.Session.find(session.jti));
    for (const tab of tabs) tab?.resetIdentifier();
    await Promise.all(tabs.map((tab) => tab?.save(3600)));
    const found = await Promise.all(tabs.map((tab) => provider.Session.find(String(tab?.jti))));
    expect(found.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await provider.Session.findByUid(session.uid)).toMatchObject({ accountId: 'aroha' });
  });
});
