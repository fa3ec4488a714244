import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  keteSpa,
  outcome,
  refreshForm,
  registerLab,
  spaChange,
  tokenRequest,
  tryRefresh,
} from '../../support/exchange.ts';
import { type Answer, basic, form, type Sent } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  type Authorised,
  authorise,
  createVisitor,
  exchange,
  exchangeForm,
  keteWeb,
  type TokenAnswer,
} from '../../support/visitor.ts';
import { behindProxy, expectRefused, observe, type Refusal, titleOf } from '../token-endpoint/refusals.ts';

/** What waits to be exchanged while all that is wrong is tried with it. */
export interface Waiting {
  readonly server: TestServer;
  readonly authorised: Authorised;
  /** A code of the application in a browser. */
  readonly forSpa: Authorised;
  readonly tokens: TokenAnswer;
}

/** Makes requests of what waits, at the time when they are sent. */
export interface Exchanges {
  waiting(): Waiting;
  /** The exchange of the code; `undefined` takes a parameter out. */
  withCode(change?: Readonly<Record<string, string | undefined>>, headers?: Sent['headers']): () => Sent;
  /** The use of the refresh token. */
  withToken(change?: Readonly<Record<string, string>>, headers?: Sent['headers']): () => Sent;
  open(): Promise<void>;
}

/** HTTP Basic credentials of the client to which code and refresh token belong. */
export const kete = basic(...keteWeb);

/** Prepares a code and a refresh token for tables of what can be wrong with them. */
export function createExchanges(): Exchanges {
  let held: Waiting | undefined;
  const waiting = () => {
    if (held === undefined) throw new Error('nothing waits yet');
    return held;
  };
  return {
    waiting,
    withCode:
      (change = {}, headers = kete) =>
      () => {
        const pairs = Object.entries({ ...exchangeForm(waiting().authorised), ...change });
        return form(
          pairs.filter((pair): pair is [string, string] => pair[1] !== undefined),
          headers,
        );
      },
    withToken:
      (change = {}, headers = kete) =>
      () =>
        form(refreshForm(waiting().tokens.refresh_token, change), headers),
    async open() {
      const server = await startServer(behindProxy);
      await registerLab(server);
      const visitor = createVisitor(server.issuer);
      held = {
        server,
        tokens: await exchange(server, await authorise(server, { visitor })),
        forSpa: await authorise(server, { visitor, change: spaChange }),
        authorised: await authorise(server, { visitor }),
      };
    },
  };
}

/**
 * Tries each, and holds it to what it says: the answer, one trace of the denial, nothing issued and nothing used up. At
 * the end code and refresh token are as good as before.
 *
 * @param look looks closer at each answer
 */
export function describeRefusals(
  exchanges: Exchanges,
  refusals: readonly Refusal[],
  look: (answer: Answer) => void = () => {},
): void {
  let observations: Awaited<ReturnType<typeof observe>>;

  beforeAll(async () => {
    await exchanges.open();
    observations = await observe(exchanges.waiting().server, refusals);
  });
  afterAll(() => exchanges.waiting().server.close());

  describe('a refused exchange', () => {
    test.each(refusals.map((refusal) => [titleOf(refusal), refusal] as const))('%s', (_title, refusal) => {
      expectRefused(refusal, observations);
      const answer = observations.get(refusal.story)?.answer;
      expect(answer?.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
      if (answer !== undefined) look(answer);
    });
  });

  describe('afterwards', () => {
    test('the code is good, and so are the refresh token and the code of the other client', async () => {
      const { server, authorised, tokens, forSpa } = exchanges.waiting();
      const answer = await tokenRequest(server, exchangeForm(authorised));
      expect(outcome(answer)).toBe('200');
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
      expect(await tryRefresh(server, tokens)).toBe('200');
      expect(outcome(await tokenRequest(server, exchangeForm(forSpa), keteSpa))).toBe('200');
    });
  });
}
