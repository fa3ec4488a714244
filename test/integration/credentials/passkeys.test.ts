import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Account, Passkeys } from '../../../src/accounts/index.ts';
import { createPasskey, type PasskeyFault, type SoftwarePasskey } from '../../support/passkey.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';

let server: TestServer;
let passkeys: Passkeys;
const aroha: Account = { id: 'aroha', name: 'Aroha Ngata', patient: 'aroha', practitioner: undefined };
const page = 'a-page';

beforeAll(async () => {
  server = await startServer();
  ({ passkeys } = server.services.credentials);
});
afterAll(() => server.close());
afterEach(async () => {
  shiftTime(0);
  await server.sql('DELETE FROM passkeys');
});

async function added(options: { synced?: boolean } = {}): Promise<SoftwarePasskey> {
  const passkey = createPasskey({ issuer: server.issuer, ...options });
  const response = JSON.stringify(passkey.create(await passkeys.creationOptions(aroha, page)));
  // As she is found when she is signed in: each way in that was taken out before has counted her proofs up.
  const account = (await server.services.accounts.find(aroha.id)) ?? aroha;
  expect(await passkeys.add(account, { page, response, name: 'My phone' })).toBeUndefined();
  return passkey;
}

const auditTypes = async () =>
  (
    await server.sql<{ type: string }>(
      "SELECT type FROM audit_events WHERE type LIKE 'account.pass%' ORDER BY at",
    )
  ).map(({ type }) => type);

describe('making a passkey', () => {
  test('asks for one that the device keeps, protected by a gesture of its owner', async () => {
    const options = await passkeys.creationOptions(aroha, page);
    expect(options).toMatchObject({
      rp: { id: 'localhost' },
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      timeout: 300_000,
      attestation: 'none',
    });
    expect(Buffer.from(options.user.id, 'base64url').toString()).toBe('aroha');
    expect(options.pubKeyCredParams.map(({ alg }) => alg).sort()).toEqual([-257, -7, -8]);
  });

  test('is not offered on a device that has one', async () => {
    const passkey = await added();
    const { excludeCredentials } = await passkeys.creationOptions(aroha, page);
    expect(excludeCredentials).toEqual([{ id: passkey.id, transports: ['internal'], type: 'public-key' }]);
  });

  test('leaves a row, and one of the audit', async () => {
    await added({ synced: true });
    expect(await passkeys.list('aroha')).toMatchObject([
      { name: 'My phone', synced: true, lastUsedAt: undefined },
    ]);
    expect(await auditTypes()).toContain('account.passkey-added');
  });

  const faults: [string, PasskeyFault][] = [
    ['another origin', { origin: 'https://evil.example.test' }],
    ['another relying party', { rpId: 'evil.example.test' }],
    ['no user verification', { verified: false }],
    ['a frame on another site', { crossOrigin: true }],
    ['a challenge that is not ours', { challenge: Buffer.alloc(54, 7).toString('base64url') }],
    ['the other ceremony', { type: 'webauthn.get' }],
  ];
  test.each(faults)('is refused with %s', async (_name, deviation) => {
    const passkey = createPasskey({ issuer: server.issuer });
    const response = JSON.stringify(passkey.create(await passkeys.creationOptions(aroha, page), deviation));
    expect(await passkeys.add(aroha, { page, response, name: 'My phone' })).toBe('refused');
    expect(await passkeys.list('aroha')).toEqual([]);
  });

  test('is refused on another page, for another account, too late, and for no answer at all', async () => {
    const passkey = createPasskey({ issuer: server.issuer });
    const options = await passkeys.creationOptions(aroha, page);
    const offer = { page, response: JSON.stringify(passkey.create(options)), name: 'My phone' };
    expect(await passkeys.add(aroha, { ...offer, page: 'another' })).toBe('refused');
    expect(await passkeys.add({ ...aroha, id: 'wiremu' }, offer)).toBe('refused');
    for (const response of ['', '{}', 'null', '[]', '{"id":1}', 'x'.repeat(20_000)])
      expect(await passkeys.add(aroha, { ...offer, response })).toBe('refused');
    expect(await passkeys.add(aroha, { ...offer, name: ' ' })).toBe('name');
    shiftTime(301);
    expect(await passkeys.add(aroha, offer)).toBe('refused');
  });

  test('happens once, however often its answer is sent at once', async () => {
    const passkey = createPasskey({ issuer: server.issuer });
    const response = JSON.stringify(passkey.create(await passkeys.creationOptions(aroha, page)));
    const offer = { page, response, name: 'My phone' };
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => passkeys.add(aroha, offer)));
    expect(outcomes.filter((one) => one === undefined)).toHaveLength(1);
    expect(await passkeys.list('aroha')).toHaveLength(1);
  });

  test('does not take the passkey of somebody else over', async () => {
    const passkey = await added();
    const wiremu = { ...aroha, id: 'wiremu', name: 'Wiremu Pōtae' };
    const response = JSON.stringify(passkey.create(await passkeys.creationOptions(wiremu, page)));
    expect(await passkeys.add(wiremu, { page, response, name: 'Mine' })).toBe('refused');
    expect(await passkeys.list('aroha')).toHaveLength(1);
  });

  test('ends at twenty', async () => {
    for (let count = 0; count < 20; count += 1) await added();
    const passkey = createPasskey({ issuer: server.issuer });
    const response = JSON.stringify(passkey.create(await passkeys.creationOptions(aroha, page)));
    expect(await passkeys.add(aroha, { page, response, name: 'One more' })).toBe('too-many');
  });
});

describe('signing in with a passkey', () => {
  test('needs no name: the device says whose it is', async () => {
    const passkey = await added();
    const options = await passkeys.requestOptions(page, undefined);
    expect(options).toMatchObject({ rpId: 'localhost', userVerification: 'required', allowCredentials: [] });
    const response = JSON.stringify(passkey.get(options));
    const found = await passkeys.verify({ page, response, accountId: undefined });
    expect(found).toEqual({
      account: expect.objectContaining({ id: 'aroha', name: 'Aroha Ngata' }),
      methods: ['hwk', 'user', 'mfa'],
    });
    expect((await passkeys.list('aroha'))[0]?.lastUsedAt).toBeInstanceOf(Date);
  });

  test('says of a synced one that it is', async () => {
    const passkey = await added({ synced: true });
    const response = JSON.stringify(passkey.get(await passkeys.requestOptions(page, undefined)));
    expect((await passkeys.verify({ page, response, accountId: undefined }))?.methods).toEqual([
      'swk',
      'user',
      'mfa',
    ]);
  });

  test('of a named account takes its passkeys alone, with or without a word of the device whose it is', async () => {
    const passkey = await added();
    const options = await passkeys.requestOptions(page, 'aroha');
    expect(options.allowCredentials).toEqual([
      { id: passkey.id, transports: ['internal'], type: 'public-key' },
    ]);
    const silent = JSON.stringify(passkey.get(options, { user: undefined }));
    expect(await passkeys.verify({ page, response: silent, accountId: 'aroha' })).toBeDefined();
    const others = await passkeys.requestOptions(page, 'wiremu');
    expect(
      await passkeys.verify({ page, response: JSON.stringify(passkey.get(others)), accountId: 'wiremu' }),
    ).toBeUndefined();
  });

  const faults: [string, PasskeyFault][] = [
    ['another origin', { origin: 'https://evil.example.test' }],
    ['a subdomain', { origin: 'http://www.localhost' }],
    ['another relying party', { rpId: 'evil.example.test' }],
    ['no user verification', { verified: false }],
    ['a frame on another site', { crossOrigin: true }],
    ['a challenge that is not ours', { challenge: Buffer.alloc(54, 7).toString('base64url') }],
    ['another key', { forged: true }],
    ['the user handle of somebody else', { user: Buffer.from('wiremu').toString('base64url') }],
    ['no user handle', { user: undefined }],
    ['the other ceremony', { type: 'webauthn.create' }],
  ];
  test.each(faults)('is refused with %s', async (_name, deviation) => {
    const passkey = await added();
    const response = JSON.stringify(passkey.get(await passkeys.requestOptions(page, undefined), deviation));
    expect(await passkeys.verify({ page, response, accountId: undefined })).toBeUndefined();
    expect((await passkeys.list('aroha'))[0]?.lastUsedAt).toBeUndefined();
  });

  test('is refused on another page, too late, with the challenge of another ceremony or of a named account', async () => {
    const passkey = await added();
    const options = await passkeys.requestOptions(page, undefined);
    const response = JSON.stringify(passkey.get(options));
    expect(await passkeys.verify({ page: 'another', response, accountId: undefined })).toBeUndefined();
    expect(await passkeys.verify({ page, response, accountId: 'aroha' })).toBeUndefined();
    const making = JSON.stringify(passkey.get(await passkeys.creationOptions(aroha, page)));
    expect(await passkeys.verify({ page, response: making, accountId: undefined })).toBeUndefined();
    shiftTime(301);
    expect(await passkeys.verify({ page, response, accountId: undefined })).toBeUndefined();
  });

  test('happens once for each challenge, however often the answer is sent at once', async () => {
    const passkey = await added();
    const response = JSON.stringify(passkey.get(await passkeys.requestOptions(page, undefined)));
    const answer = { page, response, accountId: undefined };
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => passkeys.verify(answer)));
    expect(outcomes.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await passkeys.verify(answer)).toBeUndefined();
  });

  test('is refused with a count that goes back or stands still, and that is a row of the audit', async () => {
    const passkey = await added();
    const signIn = async (uses: number) => {
      const options = await passkeys.requestOptions(page, undefined);
      const response = JSON.stringify(passkey.get(options, { uses }));
      return (await passkeys.verify({ page, response, accountId: undefined })) !== undefined;
    };
    expect(await signIn(7)).toBe(true);
    for (const before of [7, 3, 0]) expect(await signIn(before)).toBe(false);
    expect((await auditTypes()).filter((type) => type === 'account.passkey-refused')).toHaveLength(3);
    expect(await signIn(8)).toBe(true);
  });

  test('is refused to a disabled account', async () => {
    const passkey = await added();
    const response = JSON.stringify(passkey.get(await passkeys.requestOptions(page, undefined)));
    await server.sql("UPDATE accounts SET disabled_at = now() WHERE id = 'aroha'");
    expect(await passkeys.verify({ page, response, accountId: undefined })).toBeUndefined();
    await server.sql("UPDATE accounts SET disabled_at = NULL WHERE id = 'aroha'");
  });
});

describe('keeping passkeys', () => {
  test('one is renamed and removed by its owner alone', async () => {
    const { id } = await added();
    expect(await passkeys.rename('wiremu', id, 'Stolen')).toBe('refused');
    expect(await passkeys.rename('aroha', id, '\u0007')).toBe('name');
    expect(await passkeys.rename('aroha', id, 'Waea pūkoro')).toBeUndefined();
    expect((await passkeys.list('aroha'))[0]?.name).toBe('Waea pūkoro');
    expect(await passkeys.remove('wiremu', id)).toBe('refused');
    expect(await passkeys.remove('aroha', id)).toBeUndefined();
    expect(await passkeys.remove('aroha', id)).toBe('refused');
    expect(await passkeys.list('aroha')).toEqual([]);
    expect(await auditTypes()).toContain('account.passkey-removed');
  });

  test('one that was removed signs nobody in', async () => {
    const passkey = await added();
    const response = JSON.stringify(passkey.get(await passkeys.requestOptions(page, undefined)));
    await passkeys.remove('aroha', passkey.id);
    expect(await passkeys.verify({ page, response, accountId: undefined })).toBeUndefined();
  });

  test('of the last two ways to sign in, removed at once, one stays', async () => {
    const [first, second] = [await added(), await added()];
    await server.sql("UPDATE accounts SET password_hash = NULL WHERE id = 'aroha'");
    const outcomes = await Promise.all([first, second].map(({ id }) => passkeys.remove('aroha', id)));
    expect(outcomes.sort()).toEqual(['last-way', undefined]);
    expect(await passkeys.list('aroha')).toHaveLength(1);
  });

  test('the last one stays beside a source that was taken out, at which nobody can sign in', async () => {
    const { id } = await added();
    await server.sql("UPDATE accounts SET password_hash = NULL WHERE id = 'aroha'");
    await server.sql(`INSERT INTO linked_identities (issuer, subject, account_id, linked_at, last_used_at)
                      VALUES ('https://gone.example', 'a', 'aroha', now(), now())`);
    try {
      expect(await passkeys.remove('aroha', id)).toBe('last-way');
    } finally {
      await server.sql("DELETE FROM linked_identities WHERE account_id = 'aroha'");
    }
  });
});
