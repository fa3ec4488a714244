import { describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config/index.ts';

describe('where metrics are answered', () => {
  test('nowhere, unless it is said', () => {
    expect(readConfig({})).toMatchObject({
      metricsPort: undefined,
      metricsHost: '127.0.0.1',
      metricsToken: undefined,
    });
  });

  test('as it is said', () => {
    const env = { METRICS_PORT: '9464', METRICS_HOST: '::', METRICS_TOKEN: 'fernhill-scrapes-every-15-s' };
    expect(readConfig(env)).toMatchObject({
      metricsPort: 9464,
      metricsHost: '::',
      metricsToken: 'fernhill-scrapes-every-15-s',
    });
  });

  test.each([
    ['METRICS_PORT', '0'],
    ['METRICS_PORT', '65536'],
    ['METRICS_PORT', 'nine'],
    ['METRICS_TOKEN', 'short'],
    ['METRICS_TOKEN', 'no header can carry this one'],
  ])('%s=%s is refused', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(`${name} must be`);
  });
});
