import { createHash } from 'node:crypto';
import { decodeJwt, type JWK } from 'jose';
import { assertion, assertionForm } from '../../support/assertion.ts';

/** Client assertions outlive the whole run, so that a second use is refused for being one, not for its age. */
const ASSERTION_LIFE = 290;

/** Far above what any answer takes; it only keeps a hanging request from hanging the test. */
const ANSWER_WITHIN = 30_000;

/** A token that a client holds in its hands. */
export interface Received {
  readonly clientId: string;
  /** What the audit calls it: `jti` of a JWT, the SHA-256 of an opaque token. */
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

function identifier(token: string): string {
  if (!token.includes('.')) return createHash('sha256').update(token).digest('base64url');
  return String(decodeJwt(token).jti);
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
 * @param opaque lets `admin-cli` take part, whose tokens the caller has made opaque
 */
export function createLoad(options: { issuer: string; key: JWK; inFlight: number; opaque?: boolean }): Load {
  const { issuer, key, inFlight, opaque = false } = options;
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
        received.push({ clientId, jti: identifier(token), token });
      }
      return {
        lost: false,
        status: response.status,
        retryAfter: response.headers.get('retry-after'),
      };
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

  const withSecret = (clientId: string, scope: string) => () => {
    const credentials = Buffer.from(`${clientId}:demo-secret-${clientId}`).toString('base64');
    return ask(clientId, { scope }, { Authorization: `Basic ${credentials}` });
  };
  const kinds = [withSecret('clinic-backend', 'system/Flag.read'), withAssertion];
  if (opaque) kinds.push(withSecret('admin-cli', 'admin.read'));

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
        const worker = work(kinds[index % kinds.length] ?? withAssertion).finally(() =>
          workers.delete(worker),
        );
        workers.add(worker);
      }
    },
    resend,
  };
}
