import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { KeyWatch } from '../../../src/keys/index.ts';
import { onServer } from '../../support/database.ts';
import { send } from '../../support/fixtures.ts';
import type { TestServer } from '../../support/server.ts';
import { kidOf } from './fixture.ts';
import { type NodeProcesses, type Nodes, RIPE, startOneNode, startProcesses } from './nodes.ts';
import { signerNow, signerOf, systemRequest, tokensIn } from './swaps.ts';
import { createCachingVerifier, publishedBy } from './verifiers.ts';

const unreadable = 'the signing keys cannot be read: those in use stay';
const changed = 'the signing keys have changed';

/** Every member of a private key that is not public too. */
const secretsOf = async ({ services }: TestServer) =>
  (await services.keys.privateJwks()).flatMap(({ d, p, q, dp, dq, qi }) =>
    [d, p, q, dp, dq, qi].filter((part) => part !== undefined),
  );

describe('while a server cannot read its keys', () => {
  let nodes: Nodes;
  let server: TestServer;
  let watch: KeyWatch;

  beforeAll(async () => {
    nodes = await startOneNode();
    server = nodes.server;
    watch = server.watchKeys();
  });
  beforeEach(() => nodes.pass(RIPE));
  afterAll(() => nodes.close());

  const said = (message: string) =>
    server.logLines.filter((line) => line.includes(`"msg":"${message}`)).length;
  const published = () => publishedBy({ issuer: server.issuer, port: nodes.ports[0] ?? 0 });

  /** Faults of the database, with what puts them right. */
  const faults: Readonly<Record<string, readonly [wrong: string, right: string]>> = {
    'the table is away': [
      'ALTER TABLE signing_keys RENAME TO elsewhere',
      'ALTER TABLE elsewhere RENAME TO signing_keys',
    ],
    'a key cannot be opened': [
      `UPDATE signing_keys SET private_key = reverse(private_key) WHERE state = 'active'`,
      `UPDATE signing_keys SET private_key = reverse(private_key) WHERE state = 'active'`,
    ],
    'the key after it cannot be stored': [
      'ALTER TABLE signing_keys ADD CONSTRAINT full_up CHECK (false) NOT VALID',
      'ALTER TABLE signing_keys DROP CONSTRAINT full_up',
    ],
  };

  test.for(Object.entries(faults))(
    '(%s) those in use stay, and it is said once',
    async ([, [wrong, right]]) => {
      const { keys } = server.services;
      const signs = await signerNow(server);
      const before = await published();
      const next = kidOf(await keys.list(), 'next');
      const count = { unreadable: said(unreadable), changed: said(changed) };
      const secrets = await secretsOf(server);
      // At once, so that no look comes in between.
      await server.services.db.transaction(async () => {
        await server.sql(`UPDATE signing_keys SET signs_from = $1, asked_by = 'iris' WHERE state = 'next'`, [
          new Date(),
        ]);
        // A key can be spoilt only when somebody else has carried it out.
        if (wrong.startsWith('UPDATE')) await keys.keep();
        await server.sql(wrong);
      });
      for (let look = 0; look < 3; look += 1) {
        await watch.poll();
        expect(await signerNow(server)).toBe(signs);
        expect(await published()).toEqual(before);
      }
      expect(said(unreadable)).toBe(count.unreadable + 1);
      expect(said(changed)).toBe(count.changed);

      await server.sql(right);
      await nodes.look('the server signs with the next key', async () => (await signerNow(server)) === next);
      expect(said(unreadable)).toBe(count.unreadable + 1);
      expect(said(changed)).toBe(count.changed + 1);
      const log = server.logLines.join('');
      for (const secret of [...secrets, ...(await secretsOf(server))]) expect(log).not.toContain(secret);
    },
  );
});

if (!onServer) console.warn('What a process prints of such a fault is not tested here: set DATABASE_URL');

describe.skipIf(!onServer)('a process that cannot store what is due', () => {
  let nodes: NodeProcesses;

  beforeAll(async () => {
    nodes = await startProcesses(1);
  });
  afterAll(() => nodes.close());

  test('says so without the row that was refused, signs on, and changes over afterwards', async () => {
    const { server, children, ports } = nodes;
    const { keys } = server.services;
    const at = { issuer: server.issuer, port: ports[0] ?? 0 };
    const obtain = async () => tokensIn(await send(at, systemRequest)).access_token;
    const stored = () => server.sql<{ private_key: string }>('SELECT private_key FROM signing_keys');
    const before = await keys.list();
    const sealed = await stored();
    expect(await nodes.rotate()).toBe('planned');
    await server.sql(`ALTER TABLE signing_keys ADD CONSTRAINT full_up CHECK (state <> 'retiring') NOT VALID`);
    await nodes.pass(RIPE);
    await children[0]?.said(unreadable);
    const meanwhile = await obtain();
    expect(signerOf(meanwhile)).toBe(kidOf(before, 'active'));

    await server.sql('ALTER TABLE signing_keys DROP CONSTRAINT full_up');
    await children[0]?.said(changed);
    const afterwards = await obtain();
    expect(signerOf(afterwards)).toBe(kidOf(before, 'next'));
    const verifier = createCachingVerifier(server.issuer, ports, 0);
    for (const token of [meanwhile, afterwards]) await verifier.verify(token);

    const [ended] = await nodes.stop();
    const { stdout = '', stderr } = ended ?? {};
    expect([stdout.split(unreadable).length, stdout.split(changed).length, stderr]).toEqual([2, 2, '']);
    expect(stdout).toContain('full_up');
    expect(stdout).not.toContain('Failing row');
    for (const { private_key: text } of [...sealed, ...(await stored())])
      expect(stdout).not.toContain(text.slice(0, 32));
    for (const secret of await secretsOf(server)) expect(stdout).not.toContain(secret);
  });
});
