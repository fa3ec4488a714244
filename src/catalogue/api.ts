import type { TokenProfile } from './profiles.ts';

/** How sensitive what stands behind an API is, in the classes of the health API security standard. */
export const sensitivities = ['unclassified', 'medical-in-confidence'] as const;
export type Sensitivity = (typeof sensitivities)[number];

/** The scope that makes a client the resource server of an API, and lets a bearer token ask about that API's tokens. */
export const INTROSPECT = 'introspect';

/** Assurance levels that an API asks for beyond `requiredAcr`. */
export interface ApiAssurance {
  /** By resource type, for whoever asks for a scope of it. */
  readonly types?: Readonly<Record<string, number>> | undefined;
  /** For whoever acts for somebody else. */
  readonly delegate?: number | undefined;
}

/** A resource server: what a token for it looks like and who may have one. */
export interface Api {
  readonly id: string;
  /** The resource indicator (RFC 8707) and the `aud` of its tokens. */
  readonly audience: string;
  readonly profile: TokenProfile;
  readonly tokenFormat: 'jwt' | 'opaque';
  /** `typ` header of its JWTs: RFC 9068 wants `at+jwt`, older receivers insist on `JWT`. */
  readonly tokenTyp: 'at+jwt' | 'JWT';
  readonly signingAlg: string;
  /** Seconds. */
  readonly tokenLifetime: number;
  readonly scopes: readonly string[];
  /** Values allowed for `reason_for_request`; the first is the default. */
  readonly reasons: readonly string[];
  readonly sensitivity: Sensitivity;
  /** Assurance level (0 to 3) that a person needs for any of its scopes. */
  readonly requiredAcr: number | undefined;
  readonly assurance: ApiAssurance;
}
