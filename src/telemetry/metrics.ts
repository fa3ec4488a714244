import { Counter, Histogram, Registry } from 'prom-client';
import { addProcessMetrics } from './process-metrics.ts';
import { addReadings, type Readings } from './readings.ts';

/** A request that was answered. */
export interface AnsweredRequest {
  /** A name of `endpointOf`. */
  readonly endpoint: string;
  /** A name of `methodOf`. */
  readonly method: string;
  /** Status code; `aborted` when the caller went away before the answer. */
  readonly status: string;
  readonly seconds: number;
}

/** A token that was issued. */
export interface IssuedToken {
  readonly clientId: string;
  /** Token profile of the API; `none` for a token that only says who signed in. */
  readonly profile: string;
  readonly grantType: string;
}

/** What operators see in numbers. */
export interface Metrics {
  answered(request: AnsweredRequest): void;
  issued(token: IssuedToken): void;
  /** Counts a denial. @param reason an OAuth error code or a word of our own; what is neither counts as `other` */
  denied(reason: string): void;
  /** Everything in the text format of Prometheus. Never rejects because of a reading. */
  text(): Promise<{ readonly type: string; readonly body: string }>;
  /** Ends the observation of the process. */
  close(): void;
}

/** Upper bounds in seconds: from a token out of memory to a request that met its time-out. */
const BUCKETS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Clients that are counted apart; those beyond share the name `others`. */
const MOST_CLIENTS = 1000;

/** RFC 6749, 6750, 7009, 7523, 8628, 8707, 9126, 9449, OpenID Connect Core and CIBA; then words of our own. */
const reasons = new Set([
  ...['access_denied', 'account_selection_required', 'authorization_pending', 'consent_required'],
  ...['expired_token', 'insufficient_scope', 'interaction_required', 'invalid_binding_message'],
  ...['invalid_client', 'invalid_dpop_proof', 'invalid_grant', 'invalid_redirect_uri', 'invalid_request'],
  ...['invalid_request_object', 'invalid_request_uri', 'invalid_scope', 'invalid_target', 'invalid_token'],
  ...['login_required', 'request_not_supported', 'request_uri_not_supported', 'server_error', 'slow_down'],
  ...[
    'temporarily_unavailable',
    'unauthorized_client',
    'unknown_user_id',
    'unmet_authentication_requirements',
  ],
  ...['unsupported_grant_type', 'unsupported_response_mode', 'unsupported_response_type'],
  ...['unsupported_token_type', 'use_dpop_nonce'],
  ...['refused_at_the_door', 'sign_in_limited', 'sign_in_refused', 'too_many_requests'],
]);

/**
 * Counts and measures, in a registry of its own: several applications may live in one process.
 *
 * No label holds anything that a caller can choose freely.
 */
export function createMetrics({ readings = {} }: { readings?: Readings } = {}): Metrics {
  const register = new Registry();
  const registers = [register];
  const clients = new Set<string>();
  const duration = new Histogram({
    name: 'assent_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['endpoint', 'method', 'status'],
    buckets: BUCKETS,
    registers,
  });
  const tokens = new Counter({
    name: 'assent_tokens_issued_total',
    help: 'Tokens that were issued, by client, token profile and grant.',
    labelNames: ['client_id', 'profile', 'grant_type'],
    registers,
  });
  const denials = new Counter({
    name: 'assent_denials_total',
    help: 'Denials, by reason.',
    labelNames: ['reason'],
    registers,
  });
  addReadings(register, readings);
  const close = addProcessMetrics(register);

  function counted(clientId: string): string {
    if (clients.size < MOST_CLIENTS) clients.add(clientId);
    return clients.has(clientId) ? clientId : 'others';
  }

  return {
    answered: ({ endpoint, method, status, seconds }) =>
      duration.observe({ endpoint, method, status }, seconds),
    issued: ({ clientId, profile, grantType }) =>
      tokens.inc({ client_id: counted(clientId), profile, grant_type: grantType }),
    denied: (reason) => denials.inc({ reason: reasons.has(reason) ? reason : 'other' }),
    text: async () => ({ type: register.contentType, body: await register.metrics() }),
    close,
  };
}
