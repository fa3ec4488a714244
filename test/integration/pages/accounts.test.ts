import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Accounts, createAccounts, type Passwords } from '../../../src/accounts/index.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { demoPassword } from '../../support/visitor.ts';

let server: TestServer;
let accounts: Accounts;
/** Whether there was a hash, for each password that was checked. */
let checked: boolean[] = [];

beforeAll(async () => {
  server = await startServer();
  const { services } = server;
  const counting: Passwords = {
    ...services.passwords,
    verify(password, hash) {
      checked.push(hash !== undefined);
      return services.passwords.verify(password, hash);
    },
  };
  accounts = createAccounts({ ...services, passwords: counting });
  await server.sql("UPDATE accounts SET disabled_at = now() WHERE id = 'mere'");
  await server.sql("UPDATE accounts SET password_hash = NULL WHERE id = 'tom'");
});
afterAll(() => server.close());

describe('signing in', () => {
  test('identifier and password belong together: the account, without its hash', async () => {
    checked = [];
    expect(await accounts.signIn('aroha@example.test', demoPassword)).toEqual({
      id: 'aroha',
      name: 'Aroha Ngata',
      patient: 'p-aroha',
      practitioner: undefined,
      birthDate: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/),
      identityLevel: 'high',
      email: 'aroha@example.test',
      authenticator: { always: false },
      proofVersion: 0,
    });
    expect(checked).toEqual([true]);
  });

  test.for([
    ['an unknown identifier', 'nobody@example.test', demoPassword],
    ['a wrong password', 'aroha@example.test', 'kereru sings at dusk'],
    ['an empty password', 'aroha@example.test', ''],
    ['a disabled account', 'mere@example.test', demoPassword],
    ['an account without a password', 'tom@example.test', demoPassword],
    ['an identifier that nobody can have', 'x'.repeat(201), demoPassword],
    ['U+0000 in the identifier', 'aroha\u0000@example.test', demoPassword],
    ['an empty identifier', '', demoPassword],
    ['the id in place of the identifier', 'aroha', demoPassword],
    ['a pattern of SQL', 'aroha%', demoPassword],
  ] as const)('LO-02 %s: nobody, for the work of one hash', async ([, identifier, password]) => {
    checked = [];
    expect(await accounts.signIn(identifier, password)).toBeUndefined();
    expect(checked).toHaveLength(1);
  });
});

describe('accounts as they are kept', () => {
  const record = {
    id: 'kim',
    name: 'Kim Test',
    patient: undefined,
    practitioner: undefined,
    identifiers: [' Kim@Example.TEST ', 'kim-2'],
  };

  test('every identifier leads to the account; replaced ones lead nowhere', async () => {
    const passwordHash = await server.services.passwords.hash('a password of kim');
    await accounts.put({ ...record, passwordHash }, { demo: false });
    for (const identifier of ['kim@example.test', 'KIM-2'])
      expect(await accounts.signIn(identifier, 'a password of kim')).toMatchObject({ id: 'kim' });
    await accounts.put({ ...record, passwordHash, identifiers: ['kim-3'] }, { demo: false });
    expect(await accounts.signIn('kim-2', 'a password of kim')).toBeUndefined();
    expect(await accounts.signIn('kim-3', 'a password of kim')).toMatchObject({ id: 'kim' });
  });

  test('LO-03 a password of 64 characters and more, spaces at its ends included, is taken whole', async () => {
    const password = ` ${'long and spacious '.repeat(8)}`;
    const passwordHash = await server.services.passwords.hash(password);
    await accounts.put({ ...record, passwordHash }, { demo: false });
    expect(await accounts.signIn('kim-2', password)).toMatchObject({ id: 'kim' });
    for (const near of [password.trim(), password.slice(0, 72), `${password} `])
      expect(await accounts.signIn('kim-2', near)).toBeUndefined();
  });

  test('an identifier belongs to one account: the second is refused, and nothing of it is kept', async () => {
    const passwordHash = await server.services.passwords.hash('x');
    const other = { ...record, id: 'lee', passwordHash, identifiers: ['lee-1', 'aroha@example.test'] };
    await expect(accounts.put(other, { demo: false })).rejects.toThrow();
    expect(await accounts.find('lee')).toBeUndefined();
    expect(await accounts.signIn('aroha@example.test', demoPassword)).toMatchObject({ id: 'aroha' });
  });

  test('a disabled account is not found', async () => {
    expect(await accounts.find('hana')).toMatchObject({ name: 'Hana Ngata', patient: 'p-hana' });
    expect([await accounts.find('mere'), await accounts.find('nobody')]).toEqual([undefined, undefined]);
  });

  test('the audit says that an account was written, and nothing about the person', async () => {
    const rows = await server.sql(
      "SELECT * FROM audit_events WHERE type = 'account.written' AND subject = 'kim'",
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toMatch(/Kim Test|example\.test|argon2/);
  });
});
