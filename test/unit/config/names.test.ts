import { describe, expect, test } from 'vitest';
import { families, readConfig, settings } from '../../../src/config/index.ts';
import { Refused } from '../../../src/errors.ts';

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

describe('a name that begins as only ours do', () => {
  test.each([
    ['RATE_LIMIT_CLIENTS', 'RATE_LIMIT_CLIENT'],
    ['RATE_LIMIT_PAGE', 'RATE_LIMIT_PAGES'],
    ['METRICS_TOKEN_FLIE', 'METRICS_TOKEN_FILE'],
    ['METRICS_PROT', 'METRICS_PORT'],
    ['OUTGOING_ALOW', 'OUTGOING_ALLOW'],
    ['SHUTDOWN_GRAZE', 'SHUTDOWN_GRACE'],
    ['COOKIE_KEY', 'COOKIE_KEYS'],
    ['ASSENT_MASTERKEY', 'ASSENT_MASTER_KEY'],
  ])('%s is refused, and %s is suggested', (name, meant) => {
    expect(faultsOf({ [name]: 'x' })).toEqual([`${name} is not a setting of Assent: did you mean ${meant}?`]);
    // A template that leaves the value out has the mistake too.
    expect(faultsOf({ [name]: '' })).toHaveLength(1);
  });

  test.each(['RATE_LIMIT_TOKEN_ENDPOINT', 'METRICS_ENABLED', 'ASSENT_LICENCE'])(
    '%s, which is like none of them, is refused without a guess',
    (name) => {
      expect(faultsOf({ [name]: '1' })).toEqual([
        `${name} is not a setting of Assent: remove it, or see docs/configuration.md for the names`,
      ]);
    },
  );

  test('is told beside every other fault', () => {
    expect(faultsOf({ RATE_LIMIT_CLIENTS: '5', METRICS_PROT: '9464', PORT: 'x' })).toHaveLength(3);
  });
});

describe('a name that others use too', () => {
  test.each([
    'DATABASE_NAME',
    'REDIS_PASSWORD',
    'DATA_PATH',
    'LOG_FORMAT',
    'MAX_OLD_SPACE',
    'NODE_OPTIONS',
    'NODE_EXTRA_CA_CERTS',
    'OTEL_TRACES_EXPORTER',
    'TIME_FORMAT',
    'TLS_CERT',
    'TRUST_STORE',
    'PORTAL',
    'DEMO_USER',
    'rate_limit_pages',
  ])('%s is left alone', (name) => {
    expect(faultsOf({ [name]: 'x' })).toEqual([]);
  });

  test.each(['METRICS_SERVICE_HOST', 'METRICS_SERVICE_PORT_HTTP', 'METRICS_PORT_9090_TCP_ADDR'])(
    '%s, which Kubernetes adds for a service called metrics, is left alone',
    (name) => {
      expect(faultsOf({ [name]: '10.0.0.1' })).toEqual([]);
    },
  );
});

test('every beginning is that of a setting, ends in an underscore, and is none of the common ones', () => {
  const names = Object.keys(settings.shape);
  for (const family of families) {
    expect(names.some((name) => name.startsWith(family))).toBe(true);
    expect(family).toMatch(/^[A-Z_]{6,}_$/);
    expect(['DATABASE_', 'REDIS_', 'DATA_', 'LOG_', 'NODE_', 'TIME_', 'TLS_', 'TRUST_']).not.toContain(
      family,
    );
  }
});

const plain = Object.entries(settings.shape).filter(([, schema]) => schema.meta()?.secret !== true);

describe('a file for a setting that is no secret', () => {
  test.each(plain.map(([name]) => name))('%s_FILE is refused: it would be ignored', (name) => {
    expect(faultsOf({ [`${name}_FILE`]: '/run/secrets/x' })).toEqual([
      `${name}_FILE: ${name} is no secret and is not read from a file: give its value in ${name}`,
    ]);
  });

  test('counts as not given when it is empty', () => {
    expect(faultsOf({ ISSUER_FILE: '', METRICS_PORT_FILE: '' })).toEqual([]);
  });
});
