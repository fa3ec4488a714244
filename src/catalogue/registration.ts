import { z } from 'zod';
import { parseScope, splitScope } from '../scopes/index.ts';
import { isEndpoint } from '../tokens/index.ts';
import { type Api, INTROSPECT, sensitivities } from './api.ts';
import { hasProvenance, hasSmartLaunch, profiles, scopeFamily, type TokenProfile } from './profiles.ts';

/** Longest lives in seconds: a JWT is checked without asking us, so it is short. */
const LONGEST_JWT = 300;
const LONGEST_OPAQUE = 600;

const isAudience = (text: string) =>
  text.length <= 2000 && URL.canParse(text) && !text.includes('#') && !/[\s\p{Cc}]/u.test(text);

/** Format and lifetime of an API's tokens, with what holds where the operator left them out. */
function tokenForm(given: {
  readonly profile: TokenProfile;
  readonly token_format?: Api['tokenFormat'] | undefined;
  readonly token_lifetime?: number | undefined;
}): { readonly format: Api['tokenFormat']; readonly lifetime: number } {
  const smart = hasSmartLaunch(given);
  // Restricted scopes are long: many of them in a JWT are more than a header of 8 kB holds.
  const format = given.token_format ?? (smart ? 'opaque' : 'jwt');
  const usual = smart && format === 'opaque' ? LONGEST_OPAQUE : LONGEST_JWT;
  return { format, lifetime: given.token_lifetime ?? usual };
}

/** An assurance level beyond having signed in at all. */
const level = z.int('must be 1 to 3').min(1, 'must be 1 to 3').max(3, 'must be 1 to 3');

/** A resource server as an operator writes it down. Lists are space-separated, as OAuth has them. */
export const apiSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens'),
    // RFC 8707 section 2: an absolute URI without fragment.
    audience: z.string().refine(isAudience, 'must be an absolute URI without fragment or spaces'),
    profile: z.enum(
      Object.keys(profiles) as TokenProfile[],
      `must be ${Object.keys(profiles)
        .join(', ')
        .replace(/, (\S+)$/, ' or $1')}`,
    ),
    token_format: z.enum(['jwt', 'opaque'], 'must be jwt or opaque').optional(),
    token_typ: z.enum(['at+jwt', 'JWT'], 'must be at+jwt or JWT').default('at+jwt'),
    signing_alg: z.enum(['ES256', 'RS256'], 'must be ES256 or RS256').default('ES256'),
    token_lifetime: z.int('must be whole seconds').min(1, 'must be at least 1').optional(),
    scopes: z
      .string()
      .refine((text) => splitScope(text) !== undefined, 'must be scopes separated by single spaces'),
    reasons: z
      .string()
      .regex(
        /^(directcare|secondaryuses|patientaccess|migration)( (directcare|secondaryuses|patientaccess|migration))*$/,
        {
          error: 'must be directcare, secondaryuses, patientaccess or migration, separated by single spaces',
        },
      )
      .default('directcare'),
    sensitivity: z
      .enum(sensitivities, `must be ${sensitivities.join(' or ')}`)
      .default('medical-in-confidence'),
    required_acr: z.int().min(0).max(3, 'must be 0 to 3').optional(),
    assurance: z
      .strictObject({
        types: z
          .record(z.string().regex(/^[A-Z][A-Za-z]{0,62}$/, 'must be the name of a resource type'), level)
          .optional(),
        delegate: level.optional(),
      })
      .default({}),
  })
  .superRefine((api, context) => {
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    const family = scopeFamily(api);
    for (const scope of splitScope(api.scopes) ?? []) {
      if (scope !== INTROSPECT && parseScope(family, scope) === undefined)
        fault('scopes', `must not have ${scope}, which is no scope of this profile`);
    }
    const { format, lifetime } = tokenForm(api);
    const provenance = hasProvenance(api);
    if (provenance && (format !== 'jwt' || lifetime !== LONGEST_JWT)) {
      fault('token_format', `must be jwt with a token_lifetime of ${LONGEST_JWT} for this profile`);
    }
    if (provenance && !isEndpoint(api.audience))
      fault('audience', 'must be an http or https address without query for this profile');
    const longest = format === 'jwt' ? LONGEST_JWT : LONGEST_OPAQUE;
    if (lifetime > longest) fault('token_lifetime', `must be at most ${longest} for this format`);
  });

/** Makes the catalogue's entry of what an operator wrote down. */
export function asApi(given: z.output<typeof apiSchema>): Api {
  const { format, lifetime } = tokenForm(given);
  return {
    id: given.id,
    audience: given.audience,
    profile: given.profile,
    tokenFormat: format,
    tokenTyp: given.token_typ,
    signingAlg: given.signing_alg,
    tokenLifetime: lifetime,
    scopes: splitScope(given.scopes) ?? [],
    reasons: given.reasons.split(' '),
    sensitivity: given.sensitivity,
    requiredAcr: given.required_acr,
    assurance: given.assurance,
  };
}
