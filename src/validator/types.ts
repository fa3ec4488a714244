import type { CompactVerifyGetKey } from 'jose';
import type { Clock } from '../clock.ts';
import type { Claims } from './json.ts';
import type { Coding, ErrorCode, OperationOutcome } from './outcome.ts';
import type { Profile } from './profiles.ts';

/** A request as a resource server sees it, with what it knows of it besides. */
export interface ResourceRequest {
  /** The HTTP method. Without it a scope for reading will do as well as one for writing. */
  readonly method?: string;
  /**
   * The path below the service root, with the slash at its start and none at its end. A query is passed over. Without it
   * the scope is not held against the call.
   */
  readonly path?: string;
  /** Header fields in any case, as Node has them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Scopes that the call needs: the plain Spine Core profile has no table of its own. */
  readonly scopes?: readonly string[];
  /** The SHA-256 thumbprint (RFC 7638) of the key of a DPoP proof that the caller has checked (RFC 9449 section 4.3). */
  readonly proofKey?: string;
  /** GP Connect 0.x: the NHS number in the body of the request. */
  readonly patient?: string;
  /** Migration: the ODS code of the practice with which the patient is registered on PDS. Without it migration is refused. */
  readonly registeredPractice?: string;
  /** Whether sensitive information is asked for; undefined where the call cannot say. */
  readonly sensitive?: boolean;
}

/** How a resource server has tokens checked. */
export interface ValidatorOptions {
  readonly profile: Profile;
  /** The issuer identifier of the authorisation server, the only `iss` that a signed token may have. */
  readonly issuer: string;
  /** The keys of the issuer: what `createRemoteJWKSet` or `createLocalJWKSet` of `jose` gives. */
  readonly keys: CompactVerifyGetKey;
  readonly clock: Pick<Clock, 'seconds'>;
  /** The accepted values of `aud`: the service roots, letter by letter; for old consumers also `audienceOf0x`. */
  readonly audiences: readonly string[];
  /** The ASIDs of this server, for the header that names the receiver. */
  readonly asids: readonly string[];
  /** Whether the request came with the headers of its family (Spine Secure Proxy); `none` passes over them. */
  readonly via: 'proxy' | 'none';
  /** `read` checks unsigned tokens as well. They prove nothing, and the answer says so. */
  readonly legacy?: 'refuse' | 'read';
  /** Spine family: each known ASID with its ODS codes. Without it, nobody is unknown and nothing is compared. */
  readonly directory?: ReadonlyMap<string, readonly string[]>;
  /** Spine Core: claims that this API demands beyond the mandatory ones. */
  readonly mandatory?: readonly ('requesting_organization' | 'requesting_user' | 'requesting_patient')[];
  /** Where the system of the error codes lives: `ValueSet` up to GP Connect 1.6.0, else `CodeSystem` (the default). */
  readonly coding?: Coding;
}

/** What is wrong with a request. A bare text is the `diagnostics` of the profile's usual code. */
export type Fault =
  | string
  | { readonly code: ErrorCode; readonly diagnostics: string; readonly issue?: string };

/** What the checks look at. */
export interface Examined {
  readonly request: ResourceRequest;
  readonly options: ValidatorOptions;
  /** Seconds since 1970. */
  readonly now: number;
  readonly claims: Claims;
}

/** One check, named as the answer lists it. */
export interface Step {
  readonly name: string;
  /** Whether there is anything to compare; a step that has nothing is not among the passed ones. */
  applies?(examined: Examined): boolean;
  fault(examined: Examined): Fault | undefined;
}

/** What makes a profile: how it words the first faults, and its checks before and after the token is read. */
export interface Dialect {
  readonly code: ErrorCode;
  readonly texts: { readonly noAuthorization: string; readonly notThreeParts: string };
  /** Checks of the headers; `claims` is empty then. */
  readonly headers: readonly Step[];
  readonly claims: readonly Step[];
}

/**
 * What became of a request.
 *
 * - `accepted`: a signed token of the issuer that passed every check.
 * - `read`: an unsigned token that would have passed, had it been signed. NOTHING in it is proved: anyone can write one.
 *   It is only given when `legacy` is `read`.
 * - `refused`: the answer for the caller.
 *
 * The headers belong into the response, whatever it is. `passed` names the checks that were passed, in their order, without
 * those that had nothing to compare with.
 */
export type Answer = {
  readonly headers: Readonly<Record<string, string>>;
  readonly passed: readonly string[];
} & (
  | {
      readonly verdict: 'accepted';
      readonly trust: 'signed';
      readonly claims: Claims;
      /** The key to which the token is bound, if it is (`cnf.jkt`, RFC 9449 section 6.1). */
      readonly boundTo?: string;
    }
  | { readonly verdict: 'read'; readonly trust: 'unsigned'; readonly claims: Claims }
  | { readonly verdict: 'refused'; readonly status: number; readonly outcome: OperationOutcome }
);
