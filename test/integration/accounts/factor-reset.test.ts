import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { codeOf, demoSeed } from '../../support/code.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { demoPassword, formTo } from '../../support/visitor.ts';
import { openAccount } from '../account/account.ts';
import { begin } from '../pages/steps.ts';
import { accountAudit, forgetPeople, mails } from './people.ts';

/** Somebody has lost what she proves who she is with, and an administrator helps. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.close());

const id = 'hana';
const factors = () => server.services.people.resetFactors(id);

beforeEach(async () => {
  await forgetPeople(server);
  await server.sql('DELETE FROM passkeys');
  await server.sql(
    `INSERT INTO passkeys (id, account_id, public_key, counter, transports, synced, name, created_at)
     VALUES ('lost', $1, '', 0, '[]', false, 'Phone', now())`,
    [id],
  );
  await server.services.credentials.authenticators.put(id, demoSeed, { always: true });
  await server.services.credentials.recoveryCodes.make(id);
  await server.sql('DELETE FROM mails');
});

async function left(): Promise<number> {
  const [row] = await server.sql<{ count: number }>(
    `SELECT ((SELECT count(*) FROM passkeys WHERE account_id = $1) + (SELECT count(*) FROM authenticators WHERE account_id = $1)
           + (SELECT count(*) FROM recovery_codes WHERE account_id = $1))::integer AS count`,
    [id],
  );
  return row?.count ?? 0;
}

test('all of it goes, sessions and half-done sign-ins end, she is told, and signs in with her password', async () => {
  const { visitor: before, page } = await begin(server, { change: { acr_values: '2' } });
  const { action, fields } = formTo(page, '/sign-in');
  const asked = await before.follow(
    await before.post(action, [...fields, ['identifier', 'hana@example.test'], ['password', demoPassword]]),
  );
  expect(await factors()).toEqual({ passkeys: 1, authenticators: 1, recoveryCodes: 10 });
  const late = formTo(asked, '/code');
  const answer = await before.post(late.action, [...late.fields, ['code', codeOf()]]);
  expect(answer.html).toContain('/sign-in"');
  expect(await left()).toBe(0);
  const told = (await mails(server)).filter(({ kind }) => kind !== 'newSignIn');
  expect(told.map(({ kind, text }) => [kind, text.includes('Our staff removed')])).toEqual([
    ['credentialChanged', true],
  ]);
  expect((await accountAudit(server)).at(-1)).toMatchObject({ type: 'account.factors-reset', subject: id });
  const { page: security } = await openAccount(server, {
    path: '/account/security/authenticator',
    identifier: 'hana@example.test',
  });
  expect(security.status).toBe(200);
});

test('cut off, nothing of it has happened', async () => {
  const spy = vi
    .spyOn(server.services.browserSessions, 'forgetAll')
    .mockRejectedValueOnce(new Error('cut off'));
  await expect(factors()).rejects.toThrow('cut off');
  spy.mockRestore();
  expect(await left()).toBe(12);
  expect(await mails(server)).toEqual([]);
});

test('of several at once, one finds something', async () => {
  const all = await Promise.all(Array.from({ length: 4 }, factors));
  expect(all.map((one) => one?.recoveryCodes).sort()).toEqual([0, 0, 0, 10]);
});

test('an account that cannot be used keeps them', async () => {
  await server.services.people.statuses.disable(id, 'suspended');
  expect(await factors()).toBeUndefined();
  expect(await left()).toBe(12);
  await server.services.people.statuses.restore(id);
});
