import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PasswordChange } from '../../../src/accounts/password-change.ts';
import { startServer, type TestServer } from '../../support/server.ts';

const old = 'kereru sings at dawn';
const breached = 'a breached one that is not common';
const folder = mkdtempSync(join(tmpdir(), 'assent-breached-'));
const file = join(folder, 'breached.txt');
writeFileSync(file, `${createHash('sha1').update(breached).digest('hex').toUpperCase()}:3\r\n`);

let server: TestServer;
let change: PasswordChange['changePassword'];
beforeAll(async () => {
  server = await startServer({ BREACHED_PASSWORDS_FILE: file });
  change = server.services.credentials.changePassword;
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const signsIn = async (password: string) =>
  (await server.services.accounts.signIn('aroha@example.test', password)) !== undefined;

test('a password is changed by whoever knows the one before, and that is a row of the audit', async () => {
  expect(await change('wiremu', old, 'tūī sings at dusk')).toBeUndefined();
  const rows = await server.sql(
    "SELECT FROM audit_events WHERE type = 'account.password-changed' AND subject = 'wiremu'",
  );
  expect(rows).toHaveLength(1);
});

test('LO-03 one that nobody should have is refused, with the reason, and nothing changes', async () => {
  expect(await change('aroha', 'not the one', 'tūī sings at dusk')).toBe('wrong');
  expect(await change('nobody', old, 'tūī sings at dusk')).toBe('wrong');
  expect(await change('aroha', old, old)).toBe('same');
  expect(await change('aroha', old, 'seven77')).toBe('short');
  expect(await change('aroha', old, 'x'.repeat(1001))).toBe('long');
  expect(await change('aroha', old, 'Password123')).toBe('common');
  expect(await change('aroha', old, 'ArohaNgata1')).toBe('personal');
  expect(await change('aroha', old, 'aroha@example.test')).toBe('personal');
  expect(await change('aroha', old, breached)).toBe('common');
  expect(await signsIn(old)).toBe(true);
});

test('of two changes at once one holds', async () => {
  const next = Array.from({ length: 4 }, (_, number) => `tūī sings at dusk ${number}`);
  const outcomes = await Promise.all(next.map((one) => change('aroha', old, one)));
  expect(outcomes.filter((one) => one === undefined)).toHaveLength(1);
  expect(outcomes.filter((one) => one === 'wrong')).toHaveLength(3);
  expect(await signsIn(old)).toBe(false);
  expect(await signsIn(next[outcomes.indexOf(undefined)] ?? '')).toBe(true);
});
