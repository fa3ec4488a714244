import { decodeJwt, type JWK } from 'jose';
import { assertion, assertionForm } from '../../support/assertion.ts';

/** Client assertions outlive the whole run, so that a second use is refused for being one, not for its age. */
const ASSERTION_LIFE = 290;

/** Far above what any answer takes; it only keeps a hanging request from hanging the test. */
const ANSWER_WITHIN = 30_000;

/** A token that a client holds in its hands. */
export interface Received {
  readonly clientId: string;
  readonly jti: string;
  readonly token: string;
}

export interface SentAssertion {
  readonly jwt: string;
  /** How often it was answered with a token. */
  successes: number;
  /** Whether any answer came for it. */
  answered: boolean;
}

/** A request that ended without a whole answer; `begun` when a part of one had come. */
export interface Lost {
  readonly lost: true;
  readonly begun: boolean;
}

export interface Answered {
  readonly lost: false;
  readonly status: number;
  readonly retryAfter: string | null;
}

export type Outcome = Lost | Answered;

export interface Load {
  readonly received: readonly Received[];
  readonly assertions: readonly SentAssertion[];
  /** Every outcome, in the order in which they came. */
  readonly outcomes: readonly Outcome[];
  /** Lets no further request go, and waits until those in flight have come to their end. */
  hold(): Promise<void>;
  /** Lets requests go again. */
  release(): void;
  /** Sends an assertion once more. */
  resend(sent: SentAssertion): Promise<Outcome>;
}

/**
 * Clients that ask for tokens without end: half of them as `clinic-backend` with its secret, half as
 * `clinic-jwt` with assertions. It begins held.
 *
 * @param key private key of `clinic-jwt`
 * @param inFlight requests at a time
 */
export function createLoad(options: { issuer: string; key: JWK; inFlight: number }): Load {
  const { issuer, key, inFlight } = options;
  const received: Received[] = [];
  const assertions: SentAssertion[] = [];
  const outcomes: Outcome[] = [];
  const workers = new Set<Promise<void>>();
  let held = true;

  async function ask(
    clientId: string,
    form: Record<string, string>,
    headers: Record<string, string>,
  ): Promise<Outcome> {
    let begun = false;
    try {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          scope: 'system/Flag.read',
          ...form,
        }),
        headers,
        signal: AbortSignal.timeout(ANSWER_WITHIN),
      });
      begun = true;
      const body = (await response.json()) as { access_token?: string };
      const { access_token: token } = body;
      if (response.status === 200 && token !== undefined) {
        received.push({ clientId, jti: String(decodeJwt(token).jti), token });
      }
      return { lost: false, status: response.status, retryAfter: response.headers.get('retry-after') };
    } catch {
      return { lost: true, begun };
    }
  }

  async function resend(sent: SentAssertion): Promise<Outcome> {
    const outcome = await ask('clinic-jwt', assertionForm(sent.jwt), {});
    if (!outcome.lost) {
      sent.answered = true;
      if (outcome.status === 200) sent.successes += 1;
    }
    return outcome;
  }

  async function withAssertion(): Promise<Outcome> {
    const exp = Math.floor(Date.now() / 1000) + ASSERTION_LIFE;
    const sent = {
      jwt: await assertion(key, 'clinic-jwt', issuer, { exp }),
      successes: 0,
      answered: false,
    };
    assertions.push(sent);
    return resend(sent);
  }

  const basic = `Basic ${Buffer.from('clinic-backend:demo-secret-clinic-backend').toString('base64')}`;
  const withSecret = () => ask('clinic-backend', {}, { Authorization: basic });

  async function work(one: () => Promise<Outcome>): Promise<void> {
    // A lost request ends the worker's turn: while the server is down there is nobody to ask.
    while (!held) {
      const outcome = await one();
      outcomes.push(outcome);
      if (outcome.lost) return;
    }
  }

  return {
    received,
    assertions,
    outcomes,
    async hold() {
      held = true;
      await Promise.all(workers);
    },
    release() {
      held = false;
      for (let index = 0; index < inFlight; index += 1) {
        const worker = work(index % 2 === 0 ? withSecret : withAssertion).finally(() =>
          workers.delete(worker),
        );
        workers.add(worker);
      }
    },
    resend,
  };
}
