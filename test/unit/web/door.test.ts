import { type IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { callerOf, createDoor, type Passage } from '../../../src/web/door.ts';

/** Headers as they came over the wire: pairs, so that a name may stand there twice. */
type Headers = readonly (readonly [name: string, value: string])[];

/** A request as Node hands it over; the caller's address is the only thing of its socket that counts. */
function request(headers: Headers, { url = '/token', peer = '198.51.100.7' } = {}): IncomingMessage {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: peer });
  const joined: IncomingHttpHeaders = {};
  const distinct: Record<string, string[]> = {};
  for (const [mixed, value] of headers) {
    const name = mixed.toLowerCase();
    distinct[name] = [...(distinct[name] ?? []), value];
    // Node keeps the first of several Host headers and joins most others.
    joined[name] = name === 'host' ? distinct[name]?.[0] : distinct[name]?.join(', ');
  }
  const req = new IncomingMessage(socket);
  return Object.defineProperties(req, {
    url: { value: url, writable: true },
    rawHeaders: { value: headers.flat() },
    headers: { value: joined },
    headersDistinct: { value: distinct },
  });
}

const here = [['Host', 'auth.example.test']] as const;

const issuer = 'https://auth.example.test';
const plain = createDoor({ issuer, trustProxy: [] });
/** The gateway is 10.0.0.0/8 (and one IPv6 network), as a hospital would set it. */
const behindGateway = createDoor({ issuer, trustProxy: ['10.0.0.0/8', '2001:db8:1::/48'] });

const isLetIn = (passage: Passage) => 'source' in passage;

describe('the host', () => {
  test.each(['auth.example.test', 'AUTH.Example.Test', 'auth.example.test:443'])('%s is ours', (host) => {
    expect(plain.enter(request([['Host', host]]))).toEqual({ source: '198.51.100.7' });
  });

  test.each([
    'evil.example',
    'auth.example.test.evil.example',
    'evil.example:443',
    'auth.example.test:80',
    'auth.example.test:8443',
    'auth.example.test.',
    'auth.example.test@evil.example',
    'auth.example.test, evil.example',
    'auth.example.test/',
    '',
  ])('"%s" is not', (host) => {
    expect(plain.enter(request([['Host', host]]))).toEqual({
      refusal: 'this server does not answer under that address',
    });
  });

  test('may not be missing', () => {
    expect(isLetIn(plain.enter(request([])))).toBe(false);
  });

  test.each([
    ['ours, then a foreign one', ['auth.example.test', 'evil.example']],
    ['a foreign one, then ours', ['evil.example', 'auth.example.test']],
    ['ours twice', ['auth.example.test', 'auth.example.test']],
  ])('may stand there once only (RFC 9112 section 3.2): %s', (_, hosts) => {
    expect(isLetIn(plain.enter(request(hosts.map((host) => ['Host', host] as const))))).toBe(false);
  });

  test('of an http issuer has port 80 by default, and a port of its own is needed', () => {
    const local = createDoor({ issuer: 'http://localhost', trustProxy: [] });
    expect(isLetIn(local.enter(request([['Host', 'localhost:80']])))).toBe(true);
    expect(isLetIn(local.enter(request([['Host', 'localhost:443']])))).toBe(false);
    const onPort = createDoor({ issuer: 'http://localhost:3000', trustProxy: [] });
    expect(isLetIn(onPort.enter(request([['Host', 'localhost:3000']])))).toBe(true);
    expect(isLetIn(onPort.enter(request([['Host', 'localhost']])))).toBe(false);
    expect(isLetIn(onPort.enter(request([['Host', 'localhost:80']])))).toBe(false);
  });
});

describe('the request target', () => {
  test.each(['/', '/token', '/auth?client_id=kete-web', '/interaction/a%2Fb', '/a%2500'])(
    '%s is let in',
    (url) => {
      expect(isLetIn(plain.enter(request(here, { url })))).toBe(true);
    },
  );

  test.each([
    'http://evil.example/token',
    'https://auth.example.test/token',
    'HTTPS://evil.example/token',
    '//evil.example/token',
    '//',
    '*',
    'auth.example.test:443',
    '',
  ])('"%s" is refused: only a path is', (url) => {
    expect(plain.enter(request(here, { url }))).toEqual({ refusal: 'the request target must be a path' });
  });

  test.each(['/token#', '/token#x', '/auth?state=#', '/token\u00a0', '/token\ufeff', '/tok en', '/token\t'])(
    '"%s" is refused: who reads it further would take it for another address',
    (url) => {
      expect(plain.enter(request(here, { url }))).toEqual({
        refusal: 'the request target must be in ASCII, without a fragment',
      });
    },
  );

  test.each(['/auth?state=%00', '/%00', '/auth?a%00b=1'])(
    '%s is refused: the database cannot store it',
    (url) => {
      expect(plain.enter(request(here, { url }))).toEqual({
        refusal: 'the address contains the character U+0000',
      });
    },
  );
});

describe('the caller, with no proxy in front', () => {
  test.each([
    [['X-Forwarded-For', '203.0.113.9']],
    [['X-Real-IP', '203.0.113.9']],
    [['Forwarded', 'for=203.0.113.9']],
  ] as const)('is the peer, whatever %o says', (header) => {
    expect(plain.enter(request([...here, header]))).toEqual({ source: '198.51.100.7' });
  });

  test.each([
    [['X-Forwarded-Host', 'auth.example.test']],
    [['Forwarded', 'host=auth.example.test']],
  ] as const)('is not let in under a foreign host for %o', (header) => {
    expect(isLetIn(plain.enter(request([['Host', 'evil.example'], header])))).toBe(false);
  });

  test('is let in under our host whatever a forwarded host says', () => {
    expect(isLetIn(plain.enter(request([...here, ['X-Forwarded-Host', 'evil.example']])))).toBe(true);
  });
});

describe('the caller behind the gateway', () => {
  const from = (forwardedFor: string, peer = '10.0.0.1') =>
    behindGateway.enter(request([...here, ['X-Forwarded-For', forwardedFor]], { peer }));

  test.each([
    ['one caller', '203.0.113.9', '203.0.113.9'],
    ['spaces', ' 203.0.113.9 ', '203.0.113.9'],
    ['what the caller wrote itself stands left, and does not count', '6.6.6.6, 203.0.113.9', '203.0.113.9'],
    ['two proxies', '203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['the caller names a proxy', '10.9.9.9, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['IPv6', '6.6.6.6, 2001:db8:2::9, 2001:db8:1::1', '2001:db8:2::9'],
    ['a call from within', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ])('is the nearest address that is no proxy: %s', (_, forwardedFor, source) => {
    expect(from(forwardedFor)).toEqual({ source });
  });

  test('is the gateway itself when it names nobody', () => {
    expect(behindGateway.enter(request(here, { peer: '10.0.0.1' }))).toEqual({ source: '10.0.0.1' });
  });

  test('is found when the gateway speaks IPv4 over an IPv6 socket', () => {
    expect(from('203.0.113.9', '::ffff:10.0.0.1')).toEqual({ source: '203.0.113.9' });
  });

  test('is found over several header lines in their order', () => {
    const lines = [['X-Forwarded-For', '6.6.6.6'] as const, ['X-Forwarded-For', '203.0.113.9'] as const];
    expect(behindGateway.enter(request([...here, ...lines], { peer: '10.0.0.1' }))).toEqual({
      source: '203.0.113.9',
    });
  });

  test.each(['unknown', '_hidden', '203.0.113.9:52113', '[2001:db8:2::9]:443', ''])(
    'is never what stands left of an entry that is no address: %s',
    (unreadable) => {
      expect(from(`6.6.6.6, ${unreadable}`)).not.toEqual({ source: '6.6.6.6' });
    },
  );

  test.each(['198.51.100.7', '11.0.0.1', '::1', '2001:db8:2::1'])(
    'at %s has no gateway in between: what it says about itself is ignored',
    (peer) => {
      expect(from('203.0.113.9', peer)).toEqual({ source: peer });
      const spoofed = request(
        [
          ['Host', 'evil.example'],
          ['X-Forwarded-Host', 'auth.example.test'],
        ],
        { peer },
      );
      expect(isLetIn(behindGateway.enter(spoofed))).toBe(false);
      const insecure = request([...here, ['X-Forwarded-Proto', 'http']], { peer });
      expect(isLetIn(behindGateway.enter(insecure)), 'the scheme it names is not looked at').toBe(true);
    },
  );
});

describe('what the gateway says about the address', () => {
  const viaGateway = (...headers: Headers) =>
    isLetIn(behindGateway.enter(request(headers, { peer: '10.0.0.1' })));
  const inner = ['Host', 'assent.internal:3000'] as const;

  test('the host that the caller asked for counts, not that of the inner network', () => {
    expect(viaGateway(inner, ['X-Forwarded-Host', 'auth.example.test'])).toBe(true);
    expect(viaGateway(inner, ['X-Forwarded-Host', 'Auth.Example.Test:443'])).toBe(true);
    expect(viaGateway(inner, ['X-Forwarded-Host', 'evil.example'])).toBe(false);
    expect(viaGateway(here[0], ['X-Forwarded-Host', 'evil.example'])).toBe(false);
    expect(viaGateway(inner)).toBe(false);
    expect(viaGateway(here[0])).toBe(true);
  });

  test('a request that came to it in the clear is refused for an https issuer', () => {
    expect(viaGateway(here[0], ['X-Forwarded-Proto', 'https'])).toBe(true);
    expect(viaGateway(here[0], ['X-Forwarded-Proto', 'HTTPS'])).toBe(true);
    expect(viaGateway(here[0], ['X-Forwarded-Proto', 'http'])).toBe(false);
  });
});

describe('behind the door', () => {
  test.each([
    ['no proxy', plain, '198.51.100.7', '198.51.100.7'],
    ['the gateway', behindGateway, '10.0.0.1', '203.0.113.9'],
  ])("only the issuer's own origin and the caller are seen: %s", (_, door, peer, caller) => {
    const req = request(
      [
        ['Host', 'AUTH.example.test:443'],
        ['X-Forwarded-For', '203.0.113.9'],
        ['X-Forwarded-Proto', 'https'],
        ['X-Forwarded-Port', '8080'],
        ['X-Real-IP', '6.6.6.6'],
        ['Forwarded', 'host=evil.example'],
        ['Accept', 'application/json'],
      ],
      { peer },
    );
    expect(isLetIn(door.enter(req))).toBe(true);
    expect(req.headers).toEqual({
      host: 'auth.example.test',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': caller,
      accept: 'application/json',
    });
    expect(callerOf(req)).toBe(caller);
  });
});
