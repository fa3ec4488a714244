import { expect } from 'vitest';
import { send } from '../../support/fixtures.ts';
import { readPrometheus, type Sample } from '../../support/prometheus.ts';

/** What the scraper of these tests brings. */
export const metricsToken = 'the-token-of-the-scraper';

/** Everything that a server tells its scraper. */
export async function scrape(at: { readonly issuer: string; readonly port?: number }): Promise<Sample[]> {
  const headers = { Authorization: `Bearer ${metricsToken}` };
  const { status, body } = await send(at, { method: 'GET', path: '/metrics', headers });
  expect(status).toBe(200);
  return readPrometheus(body);
}

/** The value of the one sample that has these labels among its own; undefined when there is none. */
export function sampleOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  expect(found.length, `samples of ${name}`).toBeLessThanOrEqual(1);
  return found[0]?.value;
}
