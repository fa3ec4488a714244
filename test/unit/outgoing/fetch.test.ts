import type { LookupAddress } from 'node:dns';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOutgoing, type Outgoing, type Resolve } from '../../../src/outgoing/index.ts';

/** What the names of these stories resolve to: a name server says whatever its owner wants. */
const names: Record<string, LookupAddress[]> = {
  'keys.rebound.example.test': [{ address: '127.0.0.1', family: 4 }],
  'keys.inner.example.test': [
    { address: '10.0.0.5', family: 4 },
    { address: 'fd00::5', family: 6 },
  ],
  'keys.mapped.example.test': [{ address: '::ffff:127.0.0.1', family: 6 }],
};

const resolve: Resolve = (host, _options, callback) => {
  const found = names[host];
  callback(found === undefined ? new Error(`${host} is not known`) : null, found);
};

let inner: Server;
let port: number;
let connections = 0;

/** A host of the inner network, which must not even notice that somebody tried. */
beforeAll(async () => {
  inner = createServer((req, res) => {
    if (req.url === '/moved') res.writeHead(302, { location: 'http://127.0.0.1/latest/meta-data' }).end();
    else res.end('inner secrets');
  });
  inner.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve));
  port = (inner.address() as AddressInfo).port;
});
afterAll(() => inner.close());

async function withOutgoing(
  allowed: readonly string[],
  story: (outgoing: Outgoing) => Promise<void>,
): Promise<void> {
  const outgoing = createOutgoing(allowed, resolve);
  connections = 0;
  await story(outgoing).finally(() => outgoing.close());
}

/** The codes of an error and of what caused it. */
async function codesOf(call: Promise<unknown>): Promise<unknown[]> {
  const error = await call.then(
    () => undefined,
    (fault: unknown) => fault,
  );
  const codes: unknown[] = [];
  for (let one = error; one instanceof Error; one = one.cause)
    codes.push((one as Error & { code?: string }).code);
  return codes;
}

describe('AD-04 a host that is not public', () => {
  test.each(['https://127.0.0.1/', 'http://keys.rebound.example.test/', 'https://[::1]/', 'not a URL'])(
    'is refused by the text of its URL: %s',
    (url) =>
      withOutgoing([], async (outgoing) => {
        await expect(outgoing.fetch(url)).rejects.toMatchObject({
          code: 'address_refused',
          statusCode: 502,
          message: 'The address is not public',
        });
      }),
  );

  test.each(['keys.rebound.example.test', 'keys.inner.example.test', 'keys.mapped.example.test'])(
    'is refused by what its name resolves to, before a connection is opened: %s',
    (host) =>
      withOutgoing([], async (outgoing) => {
        expect(await codesOf(outgoing.fetch(`https://${host}:${port}/`))).toContain('address_refused');
        expect(connections).toBe(0);
      }),
  );
});

describe('a host that the operator allows', () => {
  test('is called, also over http and at a private address', () =>
    withOutgoing([`127.0.0.1:${port}`], async (outgoing) => {
      const response = await outgoing.fetch(`http://127.0.0.1:${port}/jwks`);
      expect([response.status, await response.text()]).toEqual([200, 'inner secrets']);
    }));

  test('AD-04 cannot send the call on to another place', () =>
    withOutgoing([`127.0.0.1:${port}`], async (outgoing) => {
      const response = await outgoing.fetch(`http://127.0.0.1:${port}/moved`);
      expect(response.status).toBe(302);
      expect(connections).toBe(1);
      await response.body?.cancel();
    }));

  test('does not open the way to another at the same address', () =>
    withOutgoing([`127.0.0.1:${port}`], async (outgoing) => {
      expect(await codesOf(outgoing.fetch(`https://keys.rebound.example.test:${port}/`))).toContain(
        'address_refused',
      );
      expect(connections).toBe(0);
    }));
});
