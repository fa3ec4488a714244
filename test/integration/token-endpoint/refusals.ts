import { expect } from 'vitest';
import { type Answer, eventually, form, type Sent, send } from '../../support/fixtures.ts';
import type { TestServer } from '../../support/server.ts';

/** One bad request and what has to come of it. */
export interface Refusal {
  readonly story: string;
  readonly sent: Sent | (() => Sent | Promise<Sent>);
  readonly status: 400 | 401;
  readonly error: string;
  /** The client that had proved who it is by then; without one the denial is anonymous. */
  readonly deniedTo?: string;
}

export const titleOf = ({ story, status, error }: Refusal) => `${story}: ${status} ${error}`;

/** What must not grow when a request is refused. */
interface Tally {
  readonly artefacts: number;
  readonly guards: number;
  readonly issued: number;
}

export interface Observation {
  readonly sent: Sent;
  readonly answer: Answer;
  readonly before: Tally;
  readonly after: Tally;
  /** What the request left in the audit, and in the counts of anonymous denials. */
  readonly audited: readonly Record<string, unknown>[];
  readonly counted: readonly Record<string, unknown>[];
}

/**
 * A server behind a proxy, so that each bad request can come from an address of its own: what it leaves behind
 * is then told apart from what others leave.
 */
export const behindProxy = { TRUST_PROXY: '127.0.0.1,::1' };

export async function tally(server: TestServer): Promise<Tally> {
  const [row] = await server.sql<Tally>(
    `SELECT (SELECT count(*) FROM oidc_artefacts) AS artefacts, (SELECT count(*) FROM replay_guards) AS guards,
            (SELECT count(*) FROM audit_events WHERE type = 'token.issued') AS issued`,
  );
  if (row === undefined) throw new Error('the tables cannot be counted');
  return row;
}

const from = (source: string, sent: Sent): Sent => ({
  ...sent,
  headers: { ...sent.headers, 'X-Forwarded-For': source },
});

/** Waits until the counts of anonymous denials have reached the database: all that were made before this call. */
async function untilCounted(server: TestServer): Promise<void> {
  const marker = '203.0.113.250';
  await send(server, from(marker, form({})));
  await eventually(async () => {
    const rows = await server.sql('SELECT count FROM anonymous_denials WHERE source = $1', [marker]);
    return rows[0];
  });
}

/**
 * Sends every bad request once, one after another, each from its own address, and writes down what it did.
 * The counts of anonymous denials are written every second, so they are waited for once.
 */
export async function observe(
  server: TestServer,
  refusals: readonly Refusal[],
): Promise<Map<string, Observation>> {
  const seen: (Pick<Observation, 'sent' | 'answer' | 'before' | 'after'> & {
    story: string;
    source: string;
  })[] = [];
  for (const [index, { story, sent }] of refusals.entries()) {
    const source = `198.51.100.${index + 1}`;
    const made = typeof sent === 'function' ? await sent() : sent;
    const before = await tally(server);
    const answer = await send(server, from(source, made));
    seen.push({ story, source, sent: made, answer, before, after: await tally(server) });
  }
  await untilCounted(server);
  const observations = new Map<string, Observation>();
  for (const { story, source, ...rest } of seen) {
    const audited = await server.sql(
      'SELECT type, client_id, error, grant_type FROM audit_events WHERE source = $1',
      [source],
    );
    const counted = await server.sql('SELECT error, count FROM anonymous_denials WHERE source = $1', [
      source,
    ]);
    if (observations.has(story)) throw new Error(`two rows tell the story "${story}"`);
    observations.set(story, { ...rest, audited, counted });
  }
  return observations;
}

/** What an outsider sees of an answer, but for what differs from one request to the next. */
export function asSeen({ status, headers, body }: Answer): Pick<Answer, 'status' | 'headers' | 'body'> {
  const { date: _date, 'x-correlation-id': _id, ...rest } = headers;
  return { status, headers: rest, body };
}

/** A refusal in the form of RFC 6749 section 5.2, and nothing that would help an attacker. */
export function expectErrorAnswer(
  answer: Answer,
  expected: { readonly status: number; readonly error: string; readonly usedAuthorization: boolean },
): void {
  const { status, headers, body } = answer;
  expect({ status, body: JSON.parse(body) }).toEqual({
    status: expected.status,
    body: expect.objectContaining({ error: expected.error }),
  });
  expect(headers['content-type']).toMatch(/^application\/json\b/);
  expect(headers['cache-control']).toBe('no-store');
  expect(body).not.toMatch(/access_token|node_modules|\.ts\b|\bat .+:\d+/);
  const { error_description: description = '' } = JSON.parse(body) as { error_description?: string };
  expect(description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/);
  if (expected.usedAuthorization && expected.status === 401) {
    expect(headers['www-authenticate']).toMatch(/^Basic realm="/);
  } else {
    expect(headers['www-authenticate']).toBeUndefined();
  }
}

/** The answer is as required, nothing was issued, and exactly one trace of the denial was left. */
export function expectRefused(refusal: Refusal, observations: ReadonlyMap<string, Observation>): void {
  const { story, status, error, deniedTo } = refusal;
  const seen = observations.get(story);
  if (seen === undefined) throw new Error(`"${story}" was not observed`);
  const usedAuthorization = seen.sent.headers?.Authorization !== undefined;
  expectErrorAnswer(seen.answer, { status, error, usedAuthorization });
  expect(seen.after).toEqual(seen.before);
  if (deniedTo === undefined) {
    expect(seen.audited).toEqual([]);
    expect(seen.counted).toEqual([{ error, count: 1 }]);
  } else {
    expect(seen.audited).toEqual([
      expect.objectContaining({ type: 'token.denied', client_id: deniedTo, error }),
    ]);
    expect(seen.counted).toEqual([]);
  }
}
