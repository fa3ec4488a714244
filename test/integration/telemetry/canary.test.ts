import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCanaries, everyFlow, registrations } from '../../support/canary/index.ts';
import { type Child, type Finished, startScript } from '../../support/child.ts';
import { send } from '../../support/fixtures.ts';
import { readPrometheus } from '../../support/prometheus.ts';
import { freePort } from '../../support/server.ts';
import { createWorld, type World } from '../command-line/world.ts';

/** Longest line of the log, in characters: what anybody sends may not fill the disk. */
const LONGEST_LINE = 10_000;

const canaries = createCanaries();
const web = ['canary-on-the-web', canaries.make('secret')] as const;
const library = ['canary-in-the-library', canaries.make('secret')] as const;
const backend = ['canary-behind-it', canaries.make('secret')] as const;

let world: World;
let server: Child | undefined;
let output: Finished;
let scraped: string;
let onTheMainPort: number;
let audit: string;

beforeAll(async () => {
  world = await createWorld();
  const file = join(world.dataDir, 'clients.json');
  const metricsPort = await freePort();
  const env = { ...world.env, LOG_LEVEL: 'debug', METRICS_PORT: String(metricsPort), SHUTDOWN_GRACE: '0' };
  writeFileSync(file, JSON.stringify(registrations({ web, library, backend })));
  await world.out('client', 'import', file);

  server = startScript('src/main.ts', [], { ...env, RATE_LIMIT_REFUSED: '0' });
  const issuer = `http://localhost:${world.env.PORT}`;
  await server.said('"msg":"ready"');
  await everyFlow({ issuer, dataDir: world.dataDir, web, library, backend }, canaries);
  const metrics = { issuer: `http://127.0.0.1:${metricsPort}` };
  scraped = (await send(metrics, { method: 'GET', path: '/metrics' })).body;
  onTheMainPort = (await send({ issuer }, { method: 'GET', path: '/metrics' })).status;
  server.signal('SIGTERM');
  output = await server.finished;
  audit = await world.look(async (sql) =>
    JSON.stringify([await sql('SELECT * FROM audit_events'), await sql('SELECT * FROM anonymous_denials')]),
  );
}, 300_000);

afterAll(async () => {
  server?.signal('SIGKILL');
  await world?.dispose();
});

/** The banner, and the lines of the log. */
function lines(): { banner: string[]; log: string[] } {
  const all = output.stdout.split('\n');
  const [from, to] = [all.indexOf(''), all.findIndex((line) => line.includes('curl'))];
  return { banner: all.slice(from, to + 1), log: [...all.slice(0, from), ...all.slice(to + 2, -1)] };
}

test('the server went through every flow and stopped', () => {
  expect(output).toMatchObject({ code: 0, stderr: '' });
  expect(canaries.count()).toBeGreaterThan(500);
});

describe('IN-03 no secret, token, code, password, cookie or person', () => {
  test('is in the log', () => {
    expect(canaries.foundIn(`${lines().log.join('\n')}\n${output.stderr}`)).toEqual([]);
  });

  test('is in the metrics', () => {
    expect(readPrometheus(scraped).length).toBeGreaterThan(100);
    expect(canaries.foundIn(scraped)).toEqual([]);
  });

  test('is in the audit', () => {
    expect(JSON.parse(audit)).toEqual([expect.any(Array), expect.any(Array)]);
    expect(canaries.foundIn(audit)).toEqual([]);
  });
});

describe('IN-04 every line of the log', () => {
  test('is one object of JSON, made by the server', () => {
    const parsed = lines().log.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(parsed.length).toBeGreaterThan(300);
    for (const line of parsed)
      expect(line).toMatchObject({
        level: expect.any(Number),
        time: expect.any(Number),
        msg: expect.any(String),
      });
    expect(parsed.filter(({ msg }) => msg === 'forged')).toEqual([]);
  });

  test('is short, and holds nothing that a terminal obeys', () => {
    for (const line of lines().log) {
      expect(line.length).toBeLessThan(LONGEST_LINE);
      expect(/\p{Cc}/u.test(line), line).toBe(false);
    }
  });

  test('that concerns a request names it', () => {
    const parsed = lines().log.map((line) => JSON.parse(line) as Record<string, unknown>);
    const requests = parsed.filter(({ msg }) => /request|page/.test(String(msg)));
    expect(requests.length).toBeGreaterThan(300);
    for (const line of requests)
      expect(line.correlation_id, JSON.stringify(line)).toMatch(/^[0-9a-f-]{16,}$/i);
  });
});

test('metrics on a port of their own are on no other', () => {
  expect(onTheMainPort).toBe(404);
  expect(readPrometheus(scraped).map(({ name }) => name)).toContain('assent_tokens_issued_total');
});

test('no address that was answered is measured as an unknown one', () => {
  const unknown = readPrometheus(scraped).filter(({ labels }) => labels.endpoint === 'other');
  const statuses = new Set(unknown.map(({ labels }) => labels.status));
  expect([...statuses].filter((status) => !/^(400|404|aborted)$/.test(String(status)))).toEqual([]);
});
