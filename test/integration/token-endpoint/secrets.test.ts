import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { basic, form, register, send, startNode, type TestNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { expectErrorAnswer } from './refusals.ts';

/** A client changes its secret without a gap: for a while the old one and the new one are both valid. */

let server: TestServer;
/** A node that has the client in its memory when the other one changes it. */
let other: TestNode;

beforeAll(async () => {
  server = await startServer();
  other = await startNode(server);
});

afterEach(() => shiftTime(0));

afterAll(async () => {
  await other.close();
  await server.close();
});

const day = 24 * 3600;
/** What a change may take to be seen by another node, in seconds. */
const SEEN_WITHIN = 1;
const now = () => Math.floor(Date.now() / 1000);

interface DatedSecret {
  readonly client_secret: string;
  /** Seconds since 1970. */
  readonly client_secret_expires_at?: number;
}

/** Registers (or registers again) a client of Fernhill with these secrets. */
async function setSecrets(clientId: string, ...client_secrets: readonly DatedSecret[]): Promise<void> {
  await register(server, {
    client_id: clientId,
    client_secrets,
    grant_types: ['client_credentials'],
    organization: 'fernhill',
    apis: { 'reasonable-adjustments': 'system/Flag.read' },
  });
}

const ask = (clientId: string, secret: string, at: { issuer: string; port?: number } = server) =>
  send(at, form({ grant_type: 'client_credentials', scope: 'system/Flag.read' }, basic(clientId, secret)));

async function expectPasses(...parameters: Parameters<typeof ask>): Promise<void> {
  expect(await ask(...parameters)).toMatchObject({ status: 200 });
}

async function expectFails(...parameters: Parameters<typeof ask>): Promise<void> {
  const answer = await ask(...parameters);
  expectErrorAnswer(answer, { status: 401, error: 'invalid_client', usedAuthorization: true });
}

const oldSecret = 'the-old-secret-of-the-pharmacy';
const newSecret = 'the-new-secret-of-the-pharmacy';

describe('two secrets that overlap', () => {
  test('both pass in the overlap, and the old one fails when it has expired', async () => {
    await setSecrets(
      'pharmacy',
      { client_secret: oldSecret, client_secret_expires_at: now() + day },
      { client_secret: newSecret },
    );
    await expectPasses('pharmacy', oldSecret);
    await expectPasses('pharmacy', newSecret);

    shiftTime(day - 60);
    await expectPasses('pharmacy', oldSecret);
    await expectPasses('pharmacy', newSecret);

    shiftTime(day + 1);
    await expectFails('pharmacy', oldSecret);
    await expectPasses('pharmacy', newSecret);
  });

  test('an expired secret fails on a node that has the client in its memory', async () => {
    await setSecrets('radiology', { client_secret: oldSecret, client_secret_expires_at: now() + 2 });
    await expectPasses('radiology', oldSecret, other);
    shiftTime(2.5);
    await expectFails('radiology', oldSecret, other);
  });

  test('a client whose only secret has expired is refused like an unknown one', async () => {
    await setSecrets('locum', { client_secret: oldSecret, client_secret_expires_at: now() - 1 });
    const expired = await ask('locum', oldSecret);
    const unknown = await ask('nobody', oldSecret);
    expect(expired.status).toBe(401);
    expect([expired.status, expired.body]).toEqual([unknown.status, unknown.body]);
  });

  test('an end of 0 means none (RFC 7591 section 3.2.1)', async () => {
    await setSecrets('archive', { client_secret: oldSecret, client_secret_expires_at: 0 });
    shiftTime(50 * 365 * day);
    await expectPasses('archive', oldSecret);
  });
});

describe('a secret that was changed', () => {
  test('works at once where it was changed, and within a second on a node that knows the old one', async () => {
    await setSecrets('dialysis', { client_secret: oldSecret });
    await expectPasses('dialysis', oldSecret);
    await expectPasses('dialysis', oldSecret, other);

    await setSecrets('dialysis', { client_secret: newSecret });
    await expectPasses('dialysis', newSecret);
    await expectFails('dialysis', oldSecret);

    shiftTime(SEEN_WITHIN + 0.001);
    await expectPasses('dialysis', newSecret, other);
    await expectFails('dialysis', oldSecret, other);
  });

  test('works within a second on a node that looked in vain for the client before it existed', async () => {
    await expectFails('newborn-unit', newSecret, other);
    await setSecrets('newborn-unit', { client_secret: newSecret });
    shiftTime(SEEN_WITHIN + 0.001);
    await expectPasses('newborn-unit', newSecret, other);
  });

  test('stays the same when the client is registered again without a secret', async () => {
    await setSecrets('stroke-unit', { client_secret: oldSecret });
    const { services } = server;
    const client = await services.registry.find('stroke-unit');
    if (client === undefined) throw new Error('the client was not registered');
    const record = { ...client, organization: 'fernhill', asid: undefined, secrets: undefined };
    await services.registry.put([record], { actor: 'test', demo: false });
    await expectPasses('stroke-unit', oldSecret);
  });
});

describe('AD-06 what is kept of a secret', () => {
  test('is its hash: the secret stands nowhere in the database or the log', async () => {
    const secret = 'a-secret-that-only-the-client-knows';
    await setSecrets('midwives', { client_secret: secret });
    await expectPasses('midwives', secret);
    const rows = await server.sql('SELECT * FROM client_secrets WHERE client_id = $1', ['midwives']);
    expect(rows).toHaveLength(1);
    const kept = JSON.stringify([
      rows,
      await server.sql('SELECT * FROM clients'),
      await server.sql('SELECT * FROM audit_events'),
      server.logLines,
    ]);
    expect(kept).not.toContain(secret);
  });
});
