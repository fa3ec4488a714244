import { describe, expect, test } from 'vitest';
import { readRegistrations, secretHash } from '../../../src/clients/index.ts';
import type { CheckedRegistration } from '../../../src/clients/registration.ts';
import { apis, organizations } from '../../../src/demo/world.ts';
import { Refused } from '../../../src/errors.ts';
import { addressFault } from '../../../src/outgoing/address.ts';
import { faulty, strongRsaKey, wardBoard, wardKey } from './registrations.ts';

let made = 0;

const context = {
  apis: apis('https://auth.example.test'),
  organizations,
  addressFault: (url: string) => addressFault(url, []),
  /** The one client that is registered already and has a secret. */
  hasSecret: (clientId: string) => clientId === 'old-board',
  issuer: 'https://assent.example.test',
  ids: {
    uuid: () => {
      made += 1;
      return `made-${made}`;
    },
  },
};

const read = (content: unknown): Promise<CheckedRegistration[]> =>
  readRegistrations(typeof content === 'string' ? content : JSON.stringify(content), context);

async function one(content: unknown): Promise<CheckedRegistration> {
  const [first, ...others] = await read(content);
  if (first === undefined || others.length > 0) throw new Error('expected one registration');
  return first;
}

async function faultsOf(content: unknown): Promise<readonly string[]> {
  const error = await read(content).then(
    () => undefined,
    (fault: unknown) => fault,
  );
  if (!(error instanceof Refused)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error.faults;
}

describe('a file of registrations', () => {
  test('may be one object, an array, or a map from client_id to object', async () => {
    const { client_id: _, ...nameless } = wardBoard;
    const ids = async (content: unknown) => (await read(content)).map(({ record }) => record.clientId);
    expect(await ids(wardBoard)).toEqual(['ward-board']);
    expect(await ids([wardBoard, { ...wardBoard, client_id: 'other-board' }])).toEqual([
      'ward-board',
      'other-board',
    ]);
    expect(await ids({ 'map-board': nameless, 'map/board:2': nameless })).toEqual([
      'map-board',
      'map/board:2',
    ]);
    expect(await ids({ 'map-board': wardBoard }), 'a client_id inside counts more').toEqual(['ward-board']);
    expect(await ids([])).toEqual([]);
  });

  test('gives a client that has no id a new one', async () => {
    const { client_id: _, ...nameless } = wardBoard;
    const [first, second] = await read([nameless, nameless]);
    expect(first?.record.clientId).toMatch(/^made-/);
    expect(second?.record.clientId).not.toBe(first?.record.clientId);
  });

  test.each([
    ['nothing', ''],
    ['a comma too many', '[{},]'],
    ['a page', '<html></html>'],
  ])('that is %s is refused: it is not JSON', async (_, text) => {
    expect(await faultsOf(text)).toEqual([expect.stringMatching(/^it is not JSON/)]);
  });

  test.each([
    ['numbers', [1, 2]],
    ['arrays', [[], []]],
    ['nulls', [null, null]],
    ['texts', ['ward-board', 'other-board']],
  ])('with %s in its array is refused, entry by entry', async (_, content) => {
    const faults = await faultsOf(content);
    expect(faults).toHaveLength(2);
    expect(faults[0]).toMatch(/^\[0\]: /);
    expect(faults[1]).toMatch(/^\[1\]: /);
  });

  test.each(['1', 'null', '"ward-board"', 'true'])('that is %s is refused', async (text) => {
    expect(await faultsOf(text)).toHaveLength(1);
  });

  test('must not name a client twice, in whatever way', async () => {
    expect(await faultsOf([wardBoard, wardBoard])).toEqual(['client_id ward-board stands there twice']);
    expect(await faultsOf({ 'ward-board': {}, other: wardBoard })).toEqual([
      'client_id ward-board stands there twice',
    ]);
  });

  test('with a time beyond all numbers is refused', async () => {
    expect(await faultsOf('{"client_id": "ward-board", "client_id_issued_at": 1e400}')).toEqual([
      expect.stringMatching(/^client_id_issued_at /),
    ]);
  });

  test('is taken as a whole or not at all, and every fault is told', async () => {
    const faults = await faultsOf([
      wardBoard,
      { ...wardBoard, client_id: 'two', organization: 'hogwarts', apis: { 'moon-phases': 'x' } },
      { ...wardBoard, client_id: 'three', grant_types: ['password'], client_uri: 'javascript:alert(1)' },
    ]);
    expect(faults.map((fault) => fault.slice(0, 3)).toSorted()).toEqual(['[1]', '[1]', '[2]', '[2]']);
  });
});

describe('a registration is refused for', () => {
  test.each(faulty)('%s', async (_, change, fault) => {
    expect(await faultsOf({ ...wardBoard, ...change })).toEqual([expect.stringMatching(fault)]);
  });

  test('a fault in a map is told with its client', async () => {
    expect(await faultsOf({ 'ward-board': { organization: 'hogwarts' } })).toEqual([
      'ward-board: organization hogwarts is not known: organisations are named by their key',
    ]);
  });

  test('keys that hold a private one, whose value is not repeated', async () => {
    const faults = await faultsOf({ ...wardBoard, jwks: { keys: [{ ...wardKey, d: 'the-private-part' }] } });
    expect(faults.join()).not.toContain('the-private-part');
  });
});

describe('a good registration', () => {
  test('is stored as it stands there, ours apart from RFC 7591', async () => {
    const device = {
      identifier: { system: 'https://fernhill.example.test', value: 'b1' },
      model: 'Board',
      version: '1',
    };
    const { record, ignored, warnings } = await one({
      ...wardBoard,
      client_secret: 'x'.repeat(43),
      asid: '200000990800',
      device,
      contacts: ['board@fernhill.example.test'],
      software_statement: 'x.y.z',
    });
    expect(record).toEqual({
      clientId: 'ward-board',
      metadata: {
        application_type: 'web',
        client_name: 'Ward board',
        contacts: ['board@fernhill.example.test'],
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
      organization: 'fernhill',
      asid: '200000990800',
      device,
      secrets: [{ hash: secretHash('x'.repeat(43)), expiresAt: undefined }],
      apis: { 'reasonable-adjustments': ['system/Flag.read'] },
    });
    expect([ignored, warnings]).toEqual([['software_statement'], []]);
  });

  test.each([
    ['P-256', wardKey],
    ['RSA', { ...strongRsaKey, alg: 'PS256' }],
    ['a key that names no algorithm', { ...strongRsaKey, kid: 'one' }],
  ])('may have its keys in it: %s', async (_, key) => {
    const { record, newSecret } = await one({
      ...wardBoard,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [key] },
    });
    expect(record.metadata.jwks).toEqual({ keys: [key] });
    expect([record.secrets, newSecret]).toEqual([[], undefined]);
  });

  test('may have its keys at a public address', async () => {
    const jwks_uri = 'https://keys.fernhill.example.test/jwks.json';
    const { record } = await one({ ...wardBoard, token_endpoint_auth_method: 'private_key_jwt', jwks_uri });
    expect(record.metadata).toMatchObject({ jwks_uri });
  });

  test('says what it ignores', async () => {
    const { record, ignored } = await one({
      ...wardBoard,
      sector_identifier_uri: 'x',
      favourite_colour: 'green',
    });
    expect(ignored).toEqual(['sector_identifier_uri', 'favourite_colour']);
    expect(record.metadata).not.toHaveProperty('favourite_colour');
  });
});

describe('the secret of a client', () => {
  test('is made when there is none, from 256 random bits, and only its hash is stored', async () => {
    const [first, second] = [await one(wardBoard), await one(wardBoard)];
    expect(first.newSecret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(first.newSecret).not.toBe(second.newSecret);
    expect(first.record.secrets).toEqual([
      { hash: secretHash(String(first.newSecret)), expiresAt: undefined },
    ]);
    expect(JSON.stringify(first.record)).not.toContain(first.newSecret);
  });

  test('that exists is kept when the file names none', async () => {
    const { record, newSecret } = await one({ ...wardBoard, client_id: 'old-board' });
    expect([record.secrets, newSecret]).toEqual([undefined, undefined]);
  });

  test('that is given is kept as a hash, with its expiry; 0 means never (RFC 7591 section 3.2.1)', async () => {
    const client_secret = 'x'.repeat(43);
    const secretOf = async (change: object) => (await one({ ...wardBoard, ...change })).record.secrets;
    const hash = secretHash(client_secret);
    const at = 1_900_000_000;
    expect(await secretOf({ client_secret, client_secret_expires_at: 0 })).toEqual([
      { hash, expiresAt: undefined },
    ]);
    expect(await secretOf({ client_secret, client_secret_expires_at: at })).toEqual([
      { hash, expiresAt: new Date(at * 1000) },
    ]);
    expect(
      await secretOf({ client_secrets: [{ client_secret }, { client_secret: 'y'.repeat(43) }] }),
    ).toHaveLength(2);
  });

  test('that is short is taken with a warning, which does not repeat it', async () => {
    const { warnings } = await one({ ...wardBoard, client_secret: 'open-sesame' });
    expect(warnings).toHaveLength(1);
    expect(warnings.join()).not.toContain('open-sesame');
  });
});
