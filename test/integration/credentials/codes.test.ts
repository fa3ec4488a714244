import { Secret, TOTP } from 'otpauth';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Credentials } from '../../../src/accounts/index.ts';
import { demoSeed } from '../../support/code.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';

let server: TestServer;
let credentials: Credentials;
beforeAll(async () => {
  server = await startServer();
  ({ credentials } = server.services);
});
afterAll(() => server.close());
afterEach(() => shiftTime(0));

/** What an app with this key shows, some seconds from now. */
const codeOf = (key: string, seconds = 0) =>
  new TOTP({ secret: Secret.fromBase32(key) }).generate({ timestamp: Date.now() + seconds * 1000 });
/** Keeps an app for an account as it is now. */
async function confirm(id: string, sealed: string, code: string) {
  const account = await server.services.accounts.find(id);
  return account && credentials.authenticators.confirm(account, sealed, code);
}
const demoKey = 'JBSWY3DPEHPK3PXP';

const auditOf = async (account: string) =>
  (
    await server.sql<{ type: string }>(
      "SELECT type FROM audit_events WHERE subject = $1 AND type LIKE 'account.%' ORDER BY at",
      [account],
    )
  ).map(({ type }) => type);

describe('an authenticator app', () => {
  test('of a demo account has the published key, encrypted, and is asked for where it is needed only', async () => {
    expect(await credentials.authenticators.find('aroha')).toMatchObject({ always: false });
    const rows = await server.sql<{ secret: string }>('SELECT secret FROM authenticators');
    expect(rows.length).toBeGreaterThan(3);
    expect(JSON.stringify(rows)).not.toContain(demoKey);
    expect(await credentials.authenticators.verify('aroha', codeOf(demoKey))).toBe(true);
  });

  test('is good for each code once, however often it is sent at once', async () => {
    shiftTime(1000);
    const code = codeOf(demoKey);
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => credentials.authenticators.verify('wiremu', code)),
    );
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect(await credentials.authenticators.verify('wiremu', code)).toBe(false);
  });

  test('may be half a minute slow or fast, not more, and no code comes after a later one', async () => {
    shiftTime(2000);
    const { verify } = credentials.authenticators;
    expect(await verify('aroha', codeOf(demoKey, -60))).toBe(false);
    expect(await verify('aroha', codeOf(demoKey, 60))).toBe(false);
    expect(await verify('aroha', codeOf(demoKey, -30))).toBe(true);
    expect(await verify('aroha', codeOf(demoKey, 30))).toBe(true);
    expect(await verify('aroha', codeOf(demoKey))).toBe(false);
  });

  test('may have a gap in its code, or other digits; nothing else is a code', async () => {
    shiftTime(3000);
    const code = codeOf(demoKey);
    const { verify } = credentials.authenticators;
    for (const wrong of ['', '12345', `${code}0`, 'abcdef', '١٢٣٤٥٦'])
      expect(await verify('aroha', wrong)).toBe(false);
    expect(await verify('nobody', code)).toBe(false);
    const wide = [...code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join('');
    expect(await verify('aroha', ` ${wide.slice(0, 3)} ${wide.slice(3)} `)).toBe(true);
  });

  test('row that was swapped with that of somebody else opens nothing', async () => {
    const [row] = await server.sql<{ secret: string }>(
      "SELECT secret FROM authenticators WHERE account_id = 'aroha'",
    );
    const [before] = await server.sql<{ secret: string }>(
      "SELECT secret FROM authenticators WHERE account_id = 'wiremu'",
    );
    await server.sql("UPDATE authenticators SET secret = $1 WHERE account_id = 'wiremu'", [row?.secret]);
    await expect(credentials.authenticators.verify('wiremu', '000000')).rejects.toThrow();
    await server.sql("UPDATE authenticators SET secret = $1 WHERE account_id = 'wiremu'", [before?.secret]);
  });
});

describe('setting an app up', () => {
  afterEach(async () => {
    await credentials.authenticators.remove('aroha');
    await credentials.authenticators.put('aroha', demoKey, { always: false });
  });

  test('stores nothing before its first code, which is used up with it', async () => {
    const { authenticators } = credentials;
    expect(await authenticators.remove('aroha')).toBe(true);
    const setup = authenticators.begin('aroha', 'aroha@example.test');
    expect(setup.uri).toMatch(/^otpauth:\/\/totp\/Assent:aroha%40example\.test\?issuer=Assent&secret=/);
    expect(Secret.fromBase32(setup.key).bytes).toHaveLength(20);
    expect(setup.sealed).not.toContain(setup.key);
    expect(await authenticators.find('aroha')).toBeUndefined();
    expect(await confirm('aroha', setup.sealed, '000000')).toBe('code');
    const code = codeOf(setup.key);
    expect(await confirm('aroha', setup.sealed, code)).toBeUndefined();
    expect(await authenticators.find('aroha')).toMatchObject({ always: true });
    expect(await authenticators.verify('aroha', code)).toBe(false);
    expect(await authenticators.verify('aroha', codeOf(setup.key, 30))).toBe(true);
    expect(await auditOf('aroha')).toEqual(
      expect.arrayContaining(['account.authenticator-added', 'account.authenticator-removed']),
    );
  });

  test('happens once, and not beside an app that there is', async () => {
    const { authenticators } = credentials;
    const setup = authenticators.begin('aroha', 'aroha');
    expect(await confirm('aroha', setup.sealed, codeOf(setup.key))).toBe('exists');
    await authenticators.remove('aroha');
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => confirm('aroha', setup.sealed, codeOf(setup.key))),
    );
    expect(outcomes.filter((one) => one === undefined)).toHaveLength(1);
  });

  test('is refused to another account, with a changed form, and after a quarter of an hour', async () => {
    const { authenticators } = credentials;
    const { key, sealed } = authenticators.begin('aroha', 'aroha');
    expect(authenticators.resume('aroha', 'aroha', sealed)?.key).toBe(key);
    expect(authenticators.resume('wiremu', 'wiremu', sealed)).toBeUndefined();
    expect(await confirm('wiremu', sealed, codeOf(key))).toBe('expired');
    for (const changed of [
      '',
      'x',
      `${sealed.startsWith('A') ? 'B' : 'A'}${sealed.slice(1)}`,
      sealed.slice(0, -8),
    ])
      expect(await confirm('aroha', changed, codeOf(key))).toBe('expired');
    shiftTime(901);
    expect(await confirm('aroha', sealed, codeOf(key))).toBe('expired');
    expect(authenticators.resume('aroha', 'aroha', sealed)).toBeUndefined();
  });

  test('when it is asked for can be chosen', async () => {
    const { authenticators } = credentials;
    await authenticators.setAlways('aroha', true);
    expect(await authenticators.find('aroha')).toMatchObject({ always: true });
    const before = (await auditOf('aroha')).length;
    await authenticators.setAlways('aroha', true);
    expect(await auditOf('aroha')).toHaveLength(before);
  });
});

describe('recovery codes', () => {
  test('are ten, of eighty bits, and nobody can read them in the database', async () => {
    const codes = await credentials.recoveryCodes.make('aroha');
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    const rows = JSON.stringify(await server.sql('SELECT * FROM recovery_codes'));
    for (const code of codes) expect(rows).not.toContain(code);
    expect(await credentials.recoveryCodes.count('aroha')).toBe(10);
  });

  test('are good once each, however often one is sent at once, and for their owner alone', async () => {
    const [code = '', second = ''] = await credentials.recoveryCodes.make('aroha');
    expect(await credentials.recoveryCodes.use('wiremu', code)).toBe(false);
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => credentials.recoveryCodes.use('aroha', code)),
    );
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect(await credentials.recoveryCodes.count('aroha')).toBe(9);
    const careless = ` ${second.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
    expect(await credentials.recoveryCodes.use('aroha', careless)).toBe(true);
    for (const wrong of ['', '-', 'AAAA-BBBB-CCCC-DDDD', code])
      expect(await credentials.recoveryCodes.use('aroha', wrong)).toBe(false);
    expect((await auditOf('aroha')).filter((type) => type === 'account.recovery-code-used')).toHaveLength(2);
  });

  test('that are made anew take the place of all before, also when that happens twice at once', async () => {
    const [old = ''] = await credentials.recoveryCodes.make('aroha');
    const made = await Promise.all(Array.from({ length: 4 }, () => credentials.recoveryCodes.make('aroha')));
    expect(await credentials.recoveryCodes.count('aroha')).toBe(10);
    expect(await credentials.recoveryCodes.use('aroha', old)).toBe(false);
    const taken = await Promise.all(made.map(([code = '']) => credentials.recoveryCodes.use('aroha', code)));
    expect(taken.filter(Boolean)).toHaveLength(1);
  });
});

test('recovery codes never outlive the app that they stand in for', async () => {
  const { authenticators, recoveryCodes } = credentials;
  for (let round = 0; round < 5; round += 1) {
    await authenticators.put('aroha', demoSeed, { always: false });
    await Promise.all([
      recoveryCodes.make('aroha'),
      authenticators.remove('aroha'),
      recoveryCodes.make('aroha'),
    ]);
    expect(await recoveryCodes.count('aroha')).toBe(0);
  }
  expect(await recoveryCodes.make('aroha')).toEqual([]);
  await authenticators.put('aroha', demoSeed, { always: false });
});

test('what was changed is told by mail, to an address that was verified and to no other', async () => {
  const { mail, credentials: ways } = server.services;
  const to = 'mail@example.test';
  const told = async () => (await mail.newest()).filter((one) => one.to === to);
  await server.sql("UPDATE accounts SET email = $1, email_verified_at = NULL WHERE id = 'aroha'", [to]);
  await ways.recoveryCodes.make('aroha');
  expect(await told()).toEqual([]);
  await server.sql("UPDATE accounts SET email_verified_at = '2026-01-01T00:00:00Z' WHERE id = 'aroha'");
  const codes = await ways.recoveryCodes.make('aroha');
  await ways.recoveryCodes.use('aroha', codes[0] ?? '');
  const mails = await told();
  expect(mails.map(({ kind }) => kind)).toEqual(['credentialChanged', 'credentialChanged']);
  for (const code of codes) expect(JSON.stringify(mails)).not.toContain(code);
});
