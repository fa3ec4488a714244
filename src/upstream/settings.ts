import { z } from 'zod';
import { identityLevels } from '../accounts/index.ts';
import { plainText } from '../text.ts';
import { namingSystems } from '../tokens/index.ts';

/** Algorithms with which we prove to a provider who we are (RFC 7523). */
export const sourceAlgorithms = ['ES256', 'RS256', 'RS512', 'PS256'] as const;
export type SourceAlgorithm = (typeof sourceAlgorithms)[number];

const text = plainText(200);
const claim = plainText(100);
const level = z.enum(identityLevels, `must be ${identityLevels.join(', ')}`);

/** Parameters of the authorisation request that are made anew for each sign-in, or have a setting of their own. */
const ownParameters = new Set([
  ...['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce'],
  ...['code_challenge', 'code_challenge_method', 'request', 'request_uri', 'prompt', 'max_age'],
]);

const roles = z.strictObject({
  claim,
  id: claim,
  organization: claim,
  job_role: claim,
  name: claim.optional(),
});

/** Which claims say who works in health care, and as what. */
const professional = z.strictObject({
  user: claim,
  family: claim,
  given: claim,
  prefix: claim.optional(),
  roles: roles.optional(),
  selected: claim.optional(),
});

/** What is read of which claim. */
const claims = z.strictObject({
  name: z.array(claim).min(1, 'must name a claim').default(['name']),
  birth_date: claim.optional(),
  identity_level: z.strictObject({ claim, values: z.record(text, level) }).optional(),
  identifiers: z
    .array(
      z.strictObject({
        claim,
        system: z.enum(
          [namingSystems.nhsNumber, namingSystems.nhi],
          `must be ${namingSystems.nhsNumber} or ${namingSystems.nhi}`,
        ),
      }),
    )
    .default([]),
  professional: professional.optional(),
});

/** As what a sign-in there counts here, by one claim of its ID token. */
const assurance = z.strictObject({
  claim,
  values: z.record(
    text,
    z.strictObject({
      acr: z.enum(['1', '2', '3'], 'must be "1", "2" or "3"'),
      amr: z.array(z.string().regex(/^[a-z]{2,10}$/, 'must be of RFC 8176')).default([]),
    }),
  ),
});

const algorithm = z.enum(sourceAlgorithms, `must be ${sourceAlgorithms.join(', ')}`);

/** RFC 8414 section 2: no query, no fragment. Which hosts may be called, `outgoing` says. */
function isIssuer(value: string): boolean {
  const parsed = URL.parse(value);
  return parsed !== null && /^https?:$/.test(parsed.protocol) && !/[?#]/.test(value) && value.length <= 500;
}

/** An identity source as an operator writes it down, its preset already filled in. */
export const sourceSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens'),
  name: plainText(60),
  issuer: z.string('must be a web address').refine(isIssuer, 'must be a web address without query'),
  client_id: text,
  scopes: z
    .string()
    .regex(/^[!#-[\]-~]+( [!#-[\]-~]+)*$/, 'must be scopes separated by single spaces')
    .refine((scopes) => scopes.split(' ').includes('openid'), 'must have openid')
    .default('openid profile'),
  parameters: z
    .record(
      z.string().refine((name) => !ownParameters.has(name), 'must not have a parameter that Assent makes'),
      plainText(1000),
    )
    .default({}),
  key_alg: algorithm.default('ES256'),
  assertion_audience: z
    .enum(['issuer', 'token_endpoint'], 'must be issuer or token_endpoint')
    .default('issuer'),
  id_token_alg: algorithm.default('RS256'),
  new_accounts: z.boolean('must be true or false').default(false),
  single_sign_on: z.boolean('must be true or false').default(false),
  claims: claims.prefault({}),
  assurance: assurance.optional(),
});

/** Everything that is settled about one identity source. */
export type SourceSettings = z.output<typeof sourceSchema>;

export type ClaimMapping = SourceSettings['claims'];
