import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config/index.ts';
import { Refused } from '../../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'assent-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file with a secret, as an orchestrator mounts it: with a line end. */
function fileWith(name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, `${content}\n`);
  return file;
}

const bytes = Buffer.alloc(32, 0xab);
const cookieKey = 'k'.repeat(32);

/** What a hospital's server runs with. */
const production = {
  NODE_ENV: 'production',
  ISSUER: 'https://auth.fernhill.example.test',
  DATABASE_URL: 'postgres://assent@db.fernhill.example.test/assent',
  ASSENT_MASTER_KEY: bytes.toString('base64'),
  COOKIE_KEYS: cookieKey,
};

/** The faults that an environment is refused for; none when it is taken. */
function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof Refused) return error.faults;
    throw error;
  }
}

describe('an empty environment', () => {
  test('gives everything that trying it out needs', () => {
    expect(readConfig({})).toEqual({
      port: 3000,
      issuer: 'http://localhost:3000',
      databaseUrl: undefined,
      redisUrl: undefined,
      dataDir: './data',
      masterKey: undefined,
      cookieKeys: undefined,
      trustProxy: [],
      logLevel: 'info',
      timeZone: 'Europe/London',
      outgoingAllow: [],
      metricsPort: undefined,
      metricsHost: '127.0.0.1',
      metricsToken: undefined,
      rateLimits: { pages: 3000, endpoints: 60_000, client: 60_000, refusedSource: 600, refusedClient: 300 },
      breachedPasswordsFile: undefined,
      shutdownGrace: 5,
      maxConnections: 10_000,
      demo: true,
      production: false,
    });
  });

  test('is what a row of empty values is, too', () => {
    const empty = Object.fromEntries(
      ['PORT', 'ISSUER', 'DATABASE_URL', 'DATABASE_URL_FILE', 'REDIS_URL', 'DATA_DIR', 'ASSENT_MASTER_KEY']
        .concat([
          'COOKIE_KEYS',
          'TRUST_PROXY',
          'LOG_LEVEL',
          'TIME_ZONE',
          'OUTGOING_ALLOW',
          'METRICS_PORT',
          'METRICS_HOST',
          'METRICS_TOKEN',
          'RATE_LIMIT_PAGES',
          'RATE_LIMIT_ENDPOINTS',
          'RATE_LIMIT_CLIENT',
          'RATE_LIMIT_REFUSED',
          'SHUTDOWN_GRACE',
          'MAX_CONNECTIONS',
          'DEMO',
          'NODE_ENV',
        ])
        .map((name) => [name, '']),
    );
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  test('gives a configuration that nobody changes', () => {
    const config = readConfig({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(() => Object.assign(config, { demo: false })).toThrow(TypeError);
  });
});

describe('settings that follow from each other', () => {
  test('the issuer follows the port, unless it is given', () => {
    expect(readConfig({ PORT: '8080' }).issuer).toBe('http://localhost:8080');
    expect(readConfig({ PORT: '8080', ISSUER: 'https://auth.example.test' }).issuer).toBe(
      'https://auth.example.test',
    );
  });

  test('the demo world is for the embedded database, unless it is asked for', () => {
    const { DATABASE_URL } = production;
    expect(readConfig({ DATABASE_URL }).demo).toBe(false);
    expect(readConfig({ DATABASE_URL, DEMO: '1' }).demo).toBe(true);
    expect(readConfig({ DEMO: '0' }).demo).toBe(false);
  });

  test('lists are split, and their host names compared in lower case', () => {
    const config = readConfig({
      COOKIE_KEYS: ` ${cookieKey} ,${'old '.repeat(10)}`,
      TRUST_PROXY: '10.0.0.0/8, 2001:db8::/32,192.0.2.1,::1',
      OUTGOING_ALLOW: 'Keys.Fernhill.example.test:8443, [fd00::1]:443',
    });
    expect(config.cookieKeys).toEqual([cookieKey, 'old '.repeat(10).trim()]);
    expect(config.trustProxy).toEqual(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1', '::1']);
    expect(config.outgoingAllow).toEqual(['keys.fernhill.example.test:8443', '[fd00::1]:443']);
  });
});

describe('the master key', () => {
  test.each([
    ['base64', bytes.toString('base64')],
    ['base64 without padding', bytes.toString('base64').replaceAll('=', '')],
    ['hexadecimal', bytes.toString('hex')],
    ['hexadecimal in capitals', bytes.toString('hex').toUpperCase()],
  ])('may be 32 bytes in %s', (_, text) => {
    expect(readConfig({ ASSENT_MASTER_KEY: text }).masterKey).toEqual(bytes);
  });

  test.each([
    ['31 bytes in base64', bytes.subarray(1).toString('base64')],
    ['33 bytes in base64', Buffer.alloc(33).toString('base64')],
    ['16 bytes in hexadecimal', bytes.subarray(16).toString('hex')],
    ['a password', 'kereru sings at dawn'],
  ])('may not be %s', (_, text) => {
    expect(faultsOf({ ASSENT_MASTER_KEY: text })).toEqual([
      'ASSENT_MASTER_KEY must be 32 bytes in base64 or hexadecimal',
    ]);
  });
});

describe('a secret in a file', () => {
  test.each([
    ['DATABASE_URL', production.DATABASE_URL, 'databaseUrl', production.DATABASE_URL],
    ['REDIS_URL', 'redis://redis.example.test', 'redisUrl', 'redis://redis.example.test'],
    ['ASSENT_MASTER_KEY', production.ASSENT_MASTER_KEY, 'masterKey', bytes],
    ['COOKIE_KEYS', cookieKey, 'cookieKeys', [cookieKey]],
  ] as const)('%s_FILE is read, without its line end', (name, content, member, expected) => {
    expect(readConfig({ [`${name}_FILE`]: fileWith(name, content) })[member]).toEqual(expected);
  });

  test('and beside it is refused: which one counts?', () => {
    const file = fileWith('both', cookieKey);
    expect(faultsOf({ COOKIE_KEYS: cookieKey, COOKIE_KEYS_FILE: file })).toEqual([
      'COOKIE_KEYS and COOKIE_KEYS_FILE are both set: give one of them',
    ]);
  });

  test('that cannot be read is refused by its name', () => {
    const missing = join(folder, 'missing');
    expect(faultsOf({ ASSENT_MASTER_KEY_FILE: missing })).toEqual([
      `ASSENT_MASTER_KEY_FILE: the file ${missing} cannot be read`,
    ]);
    expect(faultsOf({ DATABASE_URL_FILE: folder })).toEqual([
      `DATABASE_URL_FILE: the file ${folder} cannot be read`,
    ]);
  });

  test('that is empty, or holds nonsense, is refused, and its content is not repeated', () => {
    expect(faultsOf({ ASSENT_MASTER_KEY_FILE: fileWith('empty', '') })).toHaveLength(1);
    const faults = faultsOf({ DATABASE_URL_FILE: fileWith('nonsense', 'mysql://root:open-sesame@db') });
    expect(faults).toEqual(['DATABASE_URL must be a URL that starts with postgres:// or postgresql://']);
  });

  test('counts in production', () => {
    const { ASSENT_MASTER_KEY: key, ...rest } = production;
    expect(faultsOf({ ...rest, ASSENT_MASTER_KEY_FILE: fileWith('production', key) })).toEqual([]);
  });
});

describe('a value that cannot be used', () => {
  test.each([
    [{ PORT: 'http' }, /^PORT must be a number/],
    [{ PORT: '0' }, /^PORT must be between 1 and 65535/],
    [{ PORT: '65536' }, /^PORT must be between 1 and 65535/],
    [{ PORT: '3000.5' }, /^PORT must be a number/],
    [{ PORT: '0x10' }, /^PORT must be a number/],
    [{ NODE_ENV: 'Production' }, /^NODE_ENV must be production, development or test/],
    [{ TRUST_PROXY: '0.0.0.0/0' }, /^TRUST_PROXY must be addresses or networks/],
    [{ DATABASE_URL: 'db.example.test' }, /^DATABASE_URL must be a URL/],
    [{ REDIS_URL: 'http://redis.example.test' }, /^REDIS_URL must be a URL/],
    [{ COOKIE_KEYS: 'short' }, /^COOKIE_KEYS must be one or more keys of at least 32/],
    [{ COOKIE_KEYS: `${cookieKey},short` }, /^COOKIE_KEYS must be/],
    [{ COOKIE_KEYS: ' , ' }, /^COOKIE_KEYS must be/],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL must be fatal/],
    [{ TIME_ZONE: 'Middle-earth/Shire' }, /^TIME_ZONE must be a time zone/],
    [{ DEMO: 'yes' }, /^DEMO must be 0 or 1/],
    [{ SMTP_URL: 'http://mail.example.test', MAIL_FROM: 'a@example.test' }, /^SMTP_URL must be a URL/],
    [{ SMTP_URL: 'smtp://mail.example.test' }, /^MAIL_FROM is required with SMTP_URL/],
    [{ MAIL_FROM: 'a@example.test\nBcc: b@example.test' }, /^MAIL_FROM must be an e-mail address/],
    [{ MAIL_FROM: 'Assent <a@example.test>, b@example.test' }, /^MAIL_FROM must be an e-mail address/],
  ])('%o is refused by its name', (env, message) => {
    expect(faultsOf(env)).toEqual([expect.stringMatching(message)]);
  });

  test.each([
    'auth.example.test',
    'ftp://auth.example.test',
    'https://auth.example.test/',
    'https://auth.example.test/assent',
    'https://auth.example.test?tenant=1',
    'https://auth.example.test#top',
    'https://admin@auth.example.test',
    'https://Auth.example.test',
    'https://auth.example.test:443',
  ])('ISSUER=%s is refused: the identifier is compared letter by letter', (ISSUER) => {
    expect(faultsOf({ ISSUER })).toEqual([expect.stringMatching(/^ISSUER must be/)]);
  });

  test.each([
    'gateway.example.test',
    '10.0.0.0/33',
    '10.0.0.0/8;::1',
    'loopback',
    '1',
    'true',
    '10.1',
    '0x0a000001',
  ])(
    'TRUST_PROXY=%s is refused: what is no plain address or network would trust something else than was meant',
    (TRUST_PROXY) => {
      expect(faultsOf({ TRUST_PROXY })).toEqual([expect.stringMatching(/^TRUST_PROXY must be addresses/)]);
    },
  );

  test.each([
    'keys.example.test',
    'https://keys.example.test:443',
    ':443',
    'keys.example.test:',
    'fd00::1:443',
  ])('OUTGOING_ALLOW=%s is refused: an entry is host:port', (OUTGOING_ALLOW) => {
    expect(faultsOf({ OUTGOING_ALLOW })).toEqual([
      'OUTGOING_ALLOW must be host:port entries separated by commas',
    ]);
  });

  test('OUTGOING_ALLOW with a port that cannot be is refused', () => {
    expect(faultsOf({ OUTGOING_ALLOW: 'keys.example.test:65536' })).toHaveLength(1);
  });
});

describe('all faults', () => {
  const env = {
    PORT: 'x',
    ISSUER: 'https://auth.example.test/',
    DEMO: 'maybe',
    COOKIE_KEYS: 'short',
    ASSENT_MASTER_KEY_FILE: join(folder, 'missing'),
    ASSENT_MASTERKEY: 'a slip of the pen',
    ASSENT_LICENCE: 'none needed',
  };

  test('are told at once, one line each, with the name of the setting', () => {
    const faults = faultsOf(env);
    expect(faults).toHaveLength(Object.keys(env).length);
    for (const name of Object.keys(env)) expect(faults).toContainEqual(expect.stringContaining(name));
    expect(() => readConfig(env)).toThrow(/^The configuration cannot be used:\n {2}- .*\n {2}- /);
  });

  test('an unknown name is one only with our prefix', () => {
    expect(faultsOf({ ASSENT_CONFIG: 'x' })).toEqual([
      'ASSENT_CONFIG is not a setting of Assent: remove it, or see docs/configuration.md for the names',
    ]);
    expect(faultsOf({ PATH: '/bin', ISSUER_NAME: 'x' })).toEqual([]);
  });

  test('never repeat a secret', () => {
    const secrets = {
      ASSENT_MASTER_KEY: 'open-sesame',
      COOKIE_KEYS: 'open-sesame',
      DATABASE_URL: 'open-sesame',
    };
    expect(faultsOf(secrets).join()).not.toContain('open-sesame');
  });
});

describe('IN-05 IN-06 in production', () => {
  test('what a hospital runs with is taken, and the demo world is off', () => {
    expect(readConfig(production)).toMatchObject({ production: true, demo: false, cookieKeys: [cookieKey] });
  });

  test.each([
    [
      'an http issuer',
      { ISSUER: 'http://auth.example.test' },
      'ISSUER must be an https address in production',
    ],
    ['no issuer', { ISSUER: '' }, 'ISSUER must be an https address in production'],
    ['no database', { DATABASE_URL: '' }, 'DATABASE_URL is required in production'],
    ['no master key', { ASSENT_MASTER_KEY: '' }, 'ASSENT_MASTER_KEY is required in production'],
    ['no cookie keys', { COOKIE_KEYS: '' }, 'COOKIE_KEYS is required in production'],
    ['the demo world', { DEMO: '1' }, 'DEMO must not be 1 in production'],
  ])('%s is refused', (_, change, fault) => {
    expect(faultsOf({ ...production, ...change })).toEqual([fault]);
  });

  test.each([
    'localhost:8080',
    'keys.localhost:80',
    '127.0.0.1:80',
    '127.8.8.8:80',
    '[::1]:80',
    '[::ffff:127.0.0.1]:80',
  ])('OUTGOING_ALLOW=%s is refused, and taken elsewhere', (entry) => {
    expect(faultsOf({ ...production, OUTGOING_ALLOW: `keys.example.test:443,${entry}` })).toEqual([
      `OUTGOING_ALLOW must not name the loopback address ${entry} in production`,
    ]);
    expect(faultsOf({ OUTGOING_ALLOW: entry })).toEqual([]);
  });

  test('nothing given means four faults at once', () => {
    expect(faultsOf({ NODE_ENV: 'production' })).toHaveLength(4);
  });
});
