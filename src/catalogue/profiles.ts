import type { ScopeFamily } from '../scopes/index.ts';

/** Which claims a token for an API carries. */
export type TokenProfile = 'spine-core' | 'gp-connect' | 'smart' | 'none';

/** How a token for an API can be had; what was granted is exchanged at every API alike. */
export type ObtainedBy = 'signing in' | 'client credentials' | 'assertion';

/** What follows from an API's token profile, wherever something is decided by it. */
export interface Profile {
  /** The family in whose grammar its scopes are written. */
  readonly scopes: ScopeFamily;
  readonly obtainedBy: readonly ObtainedBy[];
  /** Whether its tokens say for which organisation, through which system, in which role and why somebody asks. */
  readonly provenance: boolean;
  /**
   * Whether its applications follow SMART App Launch 2.2: `state` and `aud` are required, the record is the person's own,
   * tokens are opaque where the API does not say otherwise, id_tokens RS256, and it has a smart-configuration.
   */
  readonly smartLaunch: boolean;
  /** Whether the scopes of one request are allowed together or not at all (spine-jwt.md section 6.1). */
  readonly consentedWhole: boolean;
}

/**
 * The token profiles. A further one is one more row; the compiler then names the tables that want one too: its claims
 * (`oidc/token/token-claims.ts`), what a registration must have for it (`authorisation/provenance.ts`), and the form of
 * assertions (`authorisation/user-context.ts`).
 */
export const profiles: Readonly<Record<TokenProfile, Profile>> = {
  'spine-core': {
    scopes: 'spine',
    obtainedBy: ['signing in', 'client credentials', 'assertion'],
    provenance: true,
    smartLaunch: false,
    consentedWhole: false,
  },
  'gp-connect': {
    scopes: 'gp-connect',
    // Its tokens always name a person.
    obtainedBy: ['signing in', 'assertion'],
    provenance: true,
    smartLaunch: false,
    consentedWhole: true,
  },
  smart: {
    scopes: 'smart',
    obtainedBy: ['signing in', 'client credentials'],
    provenance: false,
    smartLaunch: true,
    consentedWhole: false,
  },
  none: {
    scopes: 'plain',
    obtainedBy: ['client credentials'],
    provenance: false,
    smartLaunch: false,
    consentedWhole: false,
  },
};

type Profiled = { readonly profile: TokenProfile };

/** What follows from an API's profile. */
export const profileOf = ({ profile }: Profiled): Profile => profiles[profile];

/** Whether an API's tokens say for which organisation, through which system and in which role somebody asks. */
export const hasProvenance = (api: Profiled | undefined): boolean =>
  api !== undefined && profileOf(api).provenance;

/** Whether an API's applications follow SMART App Launch. */
export const hasSmartLaunch = (api: Profiled | undefined): boolean =>
  api !== undefined && profileOf(api).smartLaunch;

/** The family in whose grammar an API's scopes are written. */
export const scopeFamily = (api: Profiled): ScopeFamily => profileOf(api).scopes;
