import { type AddressInfo, createServer, type Server } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import type { JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRegistrations } from '../../../src/clients/index.ts';
import { createOutgoing } from '../../../src/outgoing/index.ts';
import { assertion, assertionForm } from '../../support/assertion.ts';
import { form, register, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { createKeySource, type KeySource, newKey } from './key-source.ts';
import { expectErrorAnswer } from './refusals.ts';

/**
 * A jwks_uri makes the server call where a client says (AD-04 of the threat model). Nothing inside the
 * network may be called so, however its address is written: not even a connection is opened, because its time
 * alone would tell what listens there.
 */

let server: TestServer;
let withOneAllowed: TestServer;
let source: KeySource;
let key: JWK;

/** Stands for everything inside: it listens on all addresses of this machine, and counts who connects. */
let inside: Server;
let port: number;
let connections = 0;

beforeAll(async () => {
  inside = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => inside.listen(0, resolve));
  port = (inside.address() as AddressInfo).port;
  source = await createKeySource();
  server = await startServer();
  withOneAllowed = await startServer({ OUTGOING_ALLOW: source.allowed });
  key = await newKey();
});

afterAll(async () => {
  await Promise.all([server.close(), withOneAllowed.close()]);
  await source.stop();
  await new Promise((resolve) => inside.close(resolve));
});

const isInside = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|192\.0\.2\.|127\.|::1$|f[cd]|fe80)/;

const ownAddresses = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .map(({ address }) => address)
  .filter((address) => isInside.test(address));

/** Ways to write an address of the inside. */
const literals = [
  ...['127.0.0.1', '127.0.0.2', '127.1', '2130706433', '0x7f000001', '0x7f.0.0.1', '0177.0.0.1'],
  ...['017700000001', '127.0.0.1.', '%31%32%37.0.0.1', '\uff11\uff12\uff17.0.0.1', '0.0.0.0', '0'],
  // Private, shared, link-local (the metadata services of clouds), test networks, multicast, broadcast.
  ...['10.0.0.1', '172.16.0.1', '192.168.0.1', '100.64.0.1', '169.254.169.254', '192.0.2.1', '198.18.0.1'],
  ...['224.0.0.1', '240.0.0.1', '255.255.255.255'],
  ...[
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::]',
    '[fe80::1]',
    '[fec0::1]',
    '[fd00::1]',
    '[ff02::1]',
    '[2001:db8::1]',
  ],
  // IPv4 in IPv6: mapped, compatible, translated, NAT64 (well-known and local), 6to4, Teredo.
  ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[::ffff:0:127.0.0.1]'],
  ...['[64:ff9b::7f00:1]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::]', '[2001:0:7f00:1::]'],
  ...ownAddresses.map((address) => (address.includes(':') ? `[${address}]` : address)),
];

/** Names that resolve to the inside, or to nothing. */
const names = ['localhost', 'LOCALHOST', 'localhost.', 'inner.localhost', 'ip6-localhost', hostname()];

let made = 0;

/** Registers a client with this jwks_uri as if it had slipped through, and lets it ask for a token. */
async function askWith(at: TestServer, jwksUri: string): Promise<void> {
  made += 1;
  const clientId = `inquisitive-${made}`;
  await register(at, {
    client_id: clientId,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri: jwksUri,
    grant_types: ['client_credentials'],
    organization: 'fernhill',
    apis: { 'reasonable-adjustments': 'system/Flag.read' },
  });
  const jwt = await assertion(key, clientId, at.issuer);
  const answer = await send(
    at,
    form({ grant_type: 'client_credentials', scope: 'system/Flag.read', ...assertionForm(jwt) }),
  );
  expectErrorAnswer(answer, { status: 401, error: 'invalid_client', usedAuthorization: false });
  expect(answer.body).not.toContain(String(port));
}

const uris = [...new Set([...literals, ...names])].flatMap((host) =>
  ['https', 'http'].map((scheme) => [`${scheme}://${host}`] as const),
);

describe('AD-04 without OUTGOING_ALLOW', () => {
  test.for(uris)('no connection is opened to %s', async ([origin]) => {
    const before = connections;
    await askWith(server, `${origin}:${port}/jwks`);
    expect(connections).toBe(before);
  });

  test.for([...new Set([...literals, 'localhost', 'LOCALHOST', 'inner.localhost'])])(
    'no registration names https://%s',
    async (host) => {
      const registration = {
        client_id: 'inquisitive',
        token_endpoint_auth_method: 'private_key_jwt',
        jwks_uri: `https://${host}/jwks`,
      };
      const registered = readRegistrations(JSON.stringify(registration), {
        apis: [],
        organizations: [],
        addressFault: createOutgoing([]).addressFault,
        hasSecret: () => false,
        issuer: 'https://assent.example.test',
        ids: server.services.ids,
      });
      await expect(registered).rejects.toThrow(/jwks_uri must not point to a private or local address/);
    },
  );
});

describe('AD-04 with one host and port in OUTGOING_ALLOW', () => {
  test.for([
    ['another port of it', (own: number) => `http://127.0.0.1:${own}/jwks`],
    ['another name of it', (own: number) => `http://localhost:${own}/jwks`],
    ['the same over https and another port', (own: number) => `https://127.0.0.1:${own}/jwks`],
    ['a user in front', (own: number) => `http://127.0.0.1:80@127.0.0.1:${own}/jwks`],
  ] as const)('no connection is opened to %s', async ([, uri]) => {
    const before = connections;
    await askWith(withOneAllowed, uri(port));
    expect(connections).toBe(before);
  });

  test('its redirect to the inside is not followed', async () => {
    const before = connections;
    source.serve('/moved/jwks', (_req, res) =>
      res.writeHead(302, { Location: `http://127.0.0.1:${port}/jwks` }).end(),
    );
    await askWith(withOneAllowed, source.url('/moved/jwks'));
    expect(source.asked('/moved/jwks')).toBe(1);
    expect(connections).toBe(before);
  });
});
