import { setTimeout as delay } from 'node:timers/promises';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { type Place, type RunningProcess, until } from '../../support/process.ts';
import type { Load, Outcome, Received, SentAssertion } from './load.ts';

/** Every how many kills the next start is killed too: recovery itself must survive a crash. */
const EARLY_EVERY = 5;

/** Assertions answered before a kill that are sent again after it. */
const HANDFUL = 5;

export interface StormReport {
  /** Milliseconds that each start took until the server was ready. */
  readonly starts: number[];
  /** What came back for assertions that had been answered before the kill. */
  readonly again: Outcome[];
  /** What came back for assertions that were in flight; each was sent twice at a time. */
  readonly retried: Outcome[];
  /** Requests that got no answer although the server had not been killed yet. */
  lostWhileUp: number;
  /** Kills during a start, beside those under load. */
  earlyKills: number;
}

/** The published keys, which must be the same before and after a crash. */
export async function publishedKeys(place: Place): Promise<JSONWebKeySet> {
  const response = await fetch(`${place.issuer}/jwks`);
  return (await response.json()) as JSONWebKeySet;
}

/** Tokens that the keys do not verify, with the reason. */
export async function unverifiable(
  place: Place,
  keys: JSONWebKeySet,
  received: readonly Received[],
): Promise<string[]> {
  const find = createLocalJWKSet(keys);
  const options = { issuer: place.issuer, typ: 'at+jwt' };
  const results = await Promise.all(
    received.map(({ token, jti }) =>
      jwtVerify(token, find, options).then(
        () => [],
        (error: unknown) => [`${jti}: ${String(error)}`],
      ),
    ),
  );
  return results.flat();
}

async function kill(server: RunningProcess): Promise<void> {
  server.signal('SIGKILL');
  await server.ended;
}

/**
 * Kills the server again and again under load, at moments drawn beforehand, until all tokens are received.
 *
 * @param server the running process
 * @param tokens how many answers with 200 there shall be in the whole
 * @returns the process that runs in the end, and what was seen on the way
 */
export async function storm(
  place: Place,
  load: Load,
  { server: first, kills, tokens }: { server: RunningProcess; kills: number; tokens: number },
): Promise<{ server: RunningProcess; report: StormReport }> {
  const report: StormReport = { starts: [], again: [], retried: [], lostWhileUp: 0, earlyKills: 0 };
  const moments = Array.from({ length: kills }, () => Math.floor(Math.random() * tokens)).toSorted(
    (a, b) => a - b,
  );
  let server = first;

  async function restart(): Promise<void> {
    const begin = Date.now();
    server = await place.start();
    report.starts.push(Date.now() - begin);
  }

  async function sendAgain(before: readonly SentAssertion[]): Promise<void> {
    const spent = before.filter((sent) => sent.successes > 0).slice(-HANDFUL);
    const open = before.filter((sent) => !sent.answered);
    const twice = [...open, ...open];
    const [again, retried] = await Promise.all([
      Promise.all(spent.map((sent) => load.resend(sent))),
      Promise.all(twice.map((sent) => load.resend(sent))),
    ]);
    report.again.push(...again);
    report.retried.push(...retried);
  }

  const lost = () => load.outcomes.filter((outcome) => outcome.lost).length;

  for (const [index, moment] of moments.entries()) {
    const lostBefore = lost();
    load.release();
    await until(`${moment} tokens are received`, () => load.received.length >= moment, 60_000);
    // The poll above looks at even distances; a kill must not keep to them.
    await delay(Math.random() * 20);
    report.lostWhileUp += lost() - lostBefore;
    await kill(server);
    await load.hold();
    if (index % EARLY_EVERY === EARLY_EVERY - 1) {
      const early = place.spawn();
      await delay(Math.random() * (report.starts.at(-1) ?? 0));
      await kill(early);
      report.earlyKills += 1;
    }
    await restart();
    await sendAgain(load.assertions);
  }
  load.release();
  await until(`${tokens} tokens are received`, () => load.received.length >= tokens, 60_000);
  await load.hold();
  return { server, report };
}
