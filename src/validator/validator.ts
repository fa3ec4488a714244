import { readCredentials, readEnvelope } from './envelope.ts';
import { gpConnect, gpConnect0 } from './gp-connect/dialects.ts';
import { type Claims, filledText, readObject } from './json.ts';
import { operationOutcome } from './outcome.ts';
import type { Profile } from './profiles.ts';
import { bindingFault, boundTo, signatureFault } from './signature.ts';
import { nrl, nrlRetrieval } from './spine/nrl.ts';
import { reasonableAdjustments } from './spine/reasonable-adjustments.ts';
import { spineCore } from './spine/spine-core.ts';
import type { Answer, Dialect, Examined, Fault, ResourceRequest, Step, ValidatorOptions } from './types.ts';

const dialects: Record<Profile, Dialect> = {
  'gp-connect': gpConnect,
  'gp-connect-0': gpConnect0,
  'spine-core': spineCore,
  'reasonable-adjustments': reasonableAdjustments,
  nrl,
  'nrl-retrieval': nrlRetrieval,
};

/** No answer to a call with a health record may be kept on the way, good or bad (tests of the caching headers). */
const headers = { 'Cache-Control': 'no-store' };

/** What a resource server asks about each request. */
export interface Validator {
  /** Checks a request. Never throws because of what is in it. */
  check(request: ResourceRequest): Promise<Answer>;
}

/**
 * Makes a validator for resource servers: it checks the token of a request, and the headers that travel with it, in the
 * published order, and the first fault is the answer. One is made for each profile and endpoint.
 *
 * Where the pages disagree, the published tests decide: every fault of a token is a 400 in the profile's own code, though
 * the JWT pages also point to RFC 6750, with its 401 and 403.
 *
 * @example
 * const validator = createValidator({
 *   profile: 'gp-connect', issuer, keys: createRemoteJWKSet(new URL(`${issuer}/jwks`)), clock: systemClock,
 *   audiences: ['https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured'], asids: ['200000990901'], via: 'proxy',
 * });
 * const answer = await validator.check({ method, path, headers });
 * if (answer.verdict !== 'accepted') …
 */
export function createValidator(options: ValidatorOptions): Validator {
  const { profile, coding, legacy = 'refuse' } = options;
  const dialect = dialects[profile];

  function refusal(fault: Fault, passed: readonly string[]): Answer {
    const named = typeof fault === 'string' ? { code: dialect.code, diagnostics: fault } : fault;
    return {
      verdict: 'refused',
      ...operationOutcome({ profile, coding, ...named }),
      headers: { ...headers, 'Content-Type': 'application/fhir+json; charset=utf-8' },
      passed,
    };
  }

  return {
    async check(request) {
      const passed: string[] = [];
      const now = options.clock.seconds();
      const run = (steps: readonly Step[], claims: Claims) =>
        firstFault(steps, { request, options, now, claims }, passed);

      const headerFault = options.via === 'proxy' ? run(dialect.headers, {}) : undefined;
      if (headerFault !== undefined) return refusal(headerFault, passed);
      const credentials = readCredentials(request, dialect);
      if ('fault' in credentials) return refusal(credentials.fault, passed);
      passed.push('authorization');
      const envelope = readEnvelope(credentials.token, dialect, legacy);
      if ('fault' in envelope) return refusal(envelope.fault, passed);
      passed.push('envelope');
      const { trust, payload } = envelope;
      if (trust === 'signed') {
        const fault = await signatureFault(credentials.token, options.keys);
        if (fault !== undefined) return refusal(fault, passed);
        passed.push('signature');
      }
      // Not before the signature was verified: what somebody else wrote is not even read.
      const claims = readObject(payload);
      if (claims === undefined) return refusal('JWT payload is not a JSON object', passed);
      const steps = [
        ...(trust === 'signed' ? [issuerStep] : []),
        { name: 'binding', fault: () => bindingFault(claims, credentials, request) },
        ...dialect.claims,
      ];
      const fault = run(steps, claims);
      if (fault !== undefined) return refusal(fault, passed);
      if (trust === 'unsigned') return { verdict: 'read', trust, claims, headers, passed };
      const key = boundTo(claims);
      return { verdict: 'accepted', trust, claims, headers, passed, ...(key && { boundTo: key }) };
    },
  };
}

/** A signed token is the issuer's own. One without `iss` is left to the check of the mandatory claims. */
const issuerStep: Step = {
  name: 'issuer',
  fault: ({ claims: { iss }, options }) =>
    filledText(iss) === undefined || iss === options.issuer
      ? undefined
      : 'JWT claim iss is not the expected issuer',
};

/** Takes the steps one by one until one finds a fault, and notes those that found none. */
function firstFault(steps: readonly Step[], examined: Examined, passed: string[]): Fault | undefined {
  for (const step of steps) {
    if (step.applies?.(examined) === false) continue;
    const fault = step.fault(examined);
    if (fault !== undefined) return fault;
    passed.push(step.name);
  }
  return undefined;
}
