import { describe, expect, test } from 'vitest';
import { addressFault, isPublicAddress } from '../../../src/outgoing/address.ts';

/** Addresses by the register that takes them out of the public Internet (RFC 6890 and its updates), both ends of each range. */
const notPublic: readonly (readonly [range: string, ...addresses: string[]])[] = [
  ['this network', '0.0.0.0', '0.255.255.255', '::'],
  ['loopback', '127.0.0.1', '127.255.255.255', '::1'],
  [
    'private (RFC 1918)',
    '10.0.0.0',
    '10.255.255.255',
    '172.16.0.0',
    '172.31.255.255',
    '192.168.0.0',
    '192.168.255.255',
  ],
  ['shared by carriers (RFC 6598)', '100.64.0.0', '100.127.255.255'],
  [
    'link-local, and with it the metadata of clouds',
    '169.254.0.0',
    '169.254.169.254',
    'fe80::1',
    'febf::ffff',
  ],
  ['unique local', 'fc00::1', 'fdff::1', 'fd00:ec2::254'],
  ['once site-local', 'fec0::1'],
  ['multicast and broadcast', '224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1'],
  ['kept for later', '240.0.0.1', '254.255.255.255'],
  ['protocol assignments', '192.0.0.1', '192.0.0.170'],
  ['documentation', '192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
  ['benchmarks', '198.18.0.0', '198.19.255.255', '2001:2::1'],
  ['discarded', '100::1'],
  ['IPv4 mapped into IPv6', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:7f00:1', '::ffff:169.254.169.254'],
  [
    'IPv4 compatible with IPv6 (RFC 4291 section 2.5.5.1)',
    '::127.0.0.1',
    '::7f00:1',
    '::10.0.0.1',
    '::a00:1',
  ],
  ['IPv4 translated (RFC 2765)', '::ffff:0:127.0.0.1'],
  ['IPv4 behind NAT64', '64:ff9b::127.0.0.1', '64:ff9b::a00:1', '64:ff9b::808:808', '64:ff9b:1::a00:1'],
  ['IPv4 behind 6to4', '2002:7f00:1::', '2002:a00:1::1', '192.88.99.1'],
  ['IPv4 behind Teredo', '2001::1', '2001:0:7f00:1::'],
  [
    'nothing that could be resolved',
    '',
    'localhost',
    'example.test',
    '256.1.1.1',
    '1.2.3.4.5',
    ':::',
    '[::1]',
    '8.8.8.8/32',
  ],
  ['a zone', 'fe80::1%eth0'],
];

describe('AD-04 an address is not public: it is', () => {
  test.each(notPublic)('%s', (_, ...addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });
});

test('an address is public', () => {
  const open = ['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '172.15.255.255'];
  const others = [
    '172.32.0.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
  ];
  const six = ['2606:4700:4700::1111', '2001:4860:4860::8888', '2a00:1450::1', '::ffff:8.8.8.8'];
  expect([...open, ...others, ...six].filter((address) => !isPublicAddress(address))).toEqual([]);
});

const notHttps = 'must be an https address';
const notOpen = 'must not point to a private or local address';

describe('AD-04 the text of a URL', () => {
  test.each([
    'https://keys.kete.example.test/jwks.json',
    'https://keys.kete.example.test:8443/jwks.json',
    'https://1.1.1.1/jwks',
    'https://[2606:4700:4700::1111]/jwks',
    'https://localhost.example.test/jwks',
  ])('%s may be called', (url) => {
    expect(addressFault(url, [])).toBeUndefined();
  });

  test.each([
    ['no scheme', 'keys.example.test', 'is not a URL'],
    ['nothing', '', 'is not a URL'],
    ['http', 'http://keys.example.test/', notHttps],
    ['a file', 'file:///etc/passwd', notHttps],
    ['a script', 'javascript:alert(1)', notHttps],
    ['data', 'data:application/json,{}', notHttps],
    ['a user', 'https://admin@keys.example.test/', 'must not contain a user or password'],
    ['a password', 'https://:secret@keys.example.test/', 'must not contain a user or password'],
    ['loopback', 'https://127.0.0.1/jwks', notOpen],
    ['loopback in short', 'https://127.1/jwks', notOpen],
    ['loopback as one number', 'https://2130706433/jwks', notOpen],
    ['loopback in octal', 'https://0177.0.0.1/jwks', notOpen],
    ['loopback in hexadecimal', 'https://0x7f.0.0.1/jwks', notOpen],
    ['loopback with a closing dot', 'https://127.0.0.1./jwks', notOpen],
    ['loopback in IPv6', 'https://[::1]/jwks', notOpen],
    ['loopback mapped', 'https://[::ffff:127.0.0.1]/jwks', notOpen],
    ['loopback compatible', 'https://[::127.0.0.1]/jwks', notOpen],
    ['loopback in full-width digits', 'https://１２７.0.0.1/jwks', notOpen],
    ['every address of this host', 'https://0.0.0.0/jwks', notOpen],
    ['the metadata of a cloud', 'https://169.254.169.254/latest', notOpen],
    ['a private network', 'https://10.1.2.3/jwks', notOpen],
    ['a unique local address', 'https://[fd00::1]/jwks', notOpen],
    ['the local host by name', 'https://localhost/jwks', notOpen],
    ['the local host by name in capitals', 'https://LOCALHOST:8443/jwks', notOpen],
    ['the local host with a closing dot', 'https://localhost./jwks', notOpen],
    ['a name below the local host', 'https://keys.localhost/jwks', notOpen],
  ])('with %s may not', (_, url, fault) => {
    expect(addressFault(url, [])).toBe(fault);
  });
});

describe('a host that the operator allows', () => {
  const allowed = ['keys.fernhill.example.test:8443', '10.1.2.3:80', '[fd00::1]:443'];

  test.each([
    'https://keys.fernhill.example.test:8443/jwks',
    'http://keys.fernhill.example.test:8443/jwks',
    'http://KEYS.fernhill.example.test:8443/jwks',
    'http://10.1.2.3/jwks',
    'https://[fd00::1]/jwks',
  ])('may be called: %s', (url) => {
    expect(addressFault(url, allowed)).toBeUndefined();
  });

  test.each([
    ['on another port', 'http://keys.fernhill.example.test/jwks', notHttps],
    ['on another port', 'https://10.1.2.3/jwks', notOpen],
    ['by a name that only begins like it', 'http://keys.fernhill.example.test.evil.example:8443/', notHttps],
    [
      'by a user that looks like it',
      'https://keys.fernhill.example.test:8443@evil.example/',
      'must not contain a user or password',
    ],
    ['over another protocol', 'ftp://keys.fernhill.example.test:8443/', notHttps],
  ])('is not called %s: %s', (_, url, fault) => {
    expect(addressFault(url, allowed)).toBe(fault);
  });
});
