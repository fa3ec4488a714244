/** What a scope is about, in the families that name FHIR resources. */
export type Context = 'patient' | 'user' | 'system' | 'organization';

export type Access = 'read' | 'write';

/** `context/resource.access`, for example `user/Flag.read`. */
export type ResourceScope = {
  readonly kind: 'resource';
  readonly text: string;
  readonly context: Context;
  /** `*` or the name of a FHIR resource type. */
  readonly resource: string;
  readonly access: Access;
};

/** `conf/N` (normal) or `conf/R` (restricted), GP Connect 1.6.0 and later. */
export type ConfidentialityScope = {
  readonly kind: 'confidentiality';
  readonly text: string;
  readonly level: 'N' | 'R';
};

export type OidcScope = {
  readonly kind: 'oidc';
  readonly text: 'openid' | 'profile' | 'email' | 'address' | 'phone' | 'offline_access';
};

/** A name with no inner structure, for example `admin.read`. */
export type PlainScope = { readonly kind: 'plain'; readonly text: string };

/** `patient/Observation.rs?category=...` (SMART App Launch 2.2, v2) or `patient/Observation.read` (v1). */
export type SmartResourceScope = {
  readonly kind: 'smart-resource';
  readonly text: string;
  readonly context: 'patient' | 'user' | 'system';
  /** `*` or the name of a FHIR resource type. */
  readonly resource: string;
  /** Some of `cruds` in this order; of v1, `read` is `rs`, `write` is `cud` and `*` is `cruds`. */
  readonly letters: string;
  readonly version: 1 | 2;
  /** The search parameters that restrict the scope, all at once; values are percent-decoded. */
  readonly params: readonly (readonly [name: string, value: string])[];
};

/** A scope of SMART or OpenID Connect without inner structure. */
export type SmartNameScope = {
  readonly kind: 'smart-name';
  readonly text:
    | 'openid'
    | 'profile'
    | 'identity'
    | 'practitioner'
    | 'fhirUser'
    | 'launch/patient'
    | 'offline_access'
    | 'online_access'
    | 'introspect';
};

/** A scope that its family's grammar admits; `text` is always the literal string. */
export type Scope =
  | ResourceScope
  | ConfidentialityScope
  | OidcScope
  | PlainScope
  | SmartResourceScope
  | SmartNameScope;

/** Where the words for a scope stand: a key in `locales/`, and the values to put into its sentence. */
export type ScopeWords = { readonly key: string; readonly values: Record<string, string> };

/**
 * What one family of scopes has to answer. The methods after `parse` are only given scopes which the same
 * grammar parsed, so each family may narrow `S` to its own kinds.
 */
export interface ScopeGrammar<S extends Scope = Scope> {
  /** The scope written as `text`, or undefined where the grammar does not admit it. */
  parse(text: string): S | undefined;
  /**
   * The smallest scopes that are together the same as this one; their `text` stays that of the whole. Left out by
   * families whose scopes cannot be taken apart.
   */
  atoms?(scope: S): readonly S[];
  /** Whether whoever holds `allowed` has `requested` as well. */
  covers(allowed: S, requested: S): boolean;
  /** Whether a client that acts for no person may never hold the scope. */
  needsPerson(scope: S): boolean;
  /** What is wrong with these scopes together, as an OAuth error_description; undefined if nothing is. */
  combinationFault(scopes: readonly S[]): string | undefined;
  /** The words that tell a person what the scope allows. */
  words(scope: S): ScopeWords;
}
