import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account, AssuranceLevel } from '../../accounts/index.ts';
import type { Client } from '../../clients/index.ts';
import type { ConsentLine, QuestionLine } from '../../consents/index.ts';
import type { Freshness } from './freshness.ts';

/** The browser's request, as Node has it. */
export interface HttpExchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

interface InteractionRequests {
  readonly client: Client;
  /** Where the form's answer may lead, as a content security policy calls it. */
  readonly formTargets: readonly string[];
  /** Host of the address to which the browser goes back. */
  readonly site: string;
  /** Seconds until the page closes, and whether more time can be had before. */
  readonly closes: { readonly seconds: number; readonly later: boolean };
}

/** A role in which a practitioner may ask, as a page shows it. */
export interface OfferedRole {
  readonly id: string;
  readonly name: string;
  /** SDS role profile id, which tells equal names apart. */
  readonly roleProfile: string | undefined;
}

/** Lines that are not asked about, because they were decided about before. */
export interface HeldLines {
  readonly lines: readonly ConsentLine[];
  /** The words, in the language of the page, of those that she allowed, and of those that she refused and is asked for again. */
  readonly allowed: readonly string[];
  readonly refused: readonly string[];
}

/** What a person is asked at one address under `/interaction/`. */
export type Question =
  | (InteractionRequests & {
      readonly kind: 'sign-in';
      /** Whether it is for a record, or only to know who it is. */
      readonly record: boolean;
      /** The level that the request needs. */
      readonly level: AssuranceLevel;
      /** How lately she must have proved who she is; undefined where that does not matter. */
      readonly fresh: Freshness | undefined;
      /** Whoever is signed in already, where she has only to prove more. */
      readonly present: ProvenSignIn | undefined;
    })
  | (InteractionRequests & { readonly kind: 'no-record'; readonly account: Account })
  | (InteractionRequests & {
      readonly kind: 'role';
      readonly account: Account;
      /** Name of the organisation at which the roles are. */
      readonly organization: string;
      readonly roles: readonly OfferedRole[];
    })
  | (InteractionRequests & {
      readonly kind: 'consent';
      readonly account: Account;
      /** `own`: her own record. `others`: whichever she may open. `none`: no record at all. */
      readonly record: 'own' | 'others' | 'none';
      /** The role in which a practitioner asks; undefined for somebody who asks for herself. */
      readonly role: { readonly name: string; readonly organization: string } | undefined;
      /** `reason_for_request`; undefined at an API whose tokens have none. */
      readonly reason: string | undefined;
      readonly offline: boolean;
      readonly until: Date;
      readonly lines: readonly QuestionLine[];
      /** What she decided before, where the page asks for more than that; undefined where it asks about everything. */
      readonly held: HeldLines | undefined;
    });

/** Where the browser goes next, or what is wrong with the answer. */
export type Next =
  | { readonly location: string }
  | { readonly fault: 'changed' | 'nothing-chosen' | 'expired' };

/** What a sign-in proved, and how (RFC 8176). */
export interface HowSignedIn {
  readonly acr: string;
  readonly amr: readonly string[];
  /** When, in seconds since 1970, where that was earlier: `auth_time`. */
  readonly signedInAt?: number | undefined;
}

/** What somebody has proved so far of who she is. */
export interface ProvenSignIn extends HowSignedIn {
  readonly account: Account;
  readonly signedInAt: number;
}

/** What people are asked in the course of an authorisation request, and what becomes of their answers. */
export interface Interactions {
  /** The question at an address; undefined where none is open for this browser: too old, answered, or another's. */
  find(at: HttpExchange, uid: string): Promise<Question | undefined>;
  /** Notes who signed in. @param how a password, if nothing else is said */
  signIn(at: HttpExchange, account: Account, source: string, how?: HowSignedIn): Promise<Next>;
  /** Takes the role that a practitioner chose. */
  chooseRole(at: HttpExchange, uid: string, role: string): Promise<Next>;
  /** Takes the lines that a person left ticked. The first answer to a page counts. */
  allow(at: HttpExchange, uid: string, ticked: readonly string[], source: string): Promise<Next>;
  /** Ends the request with `access_denied`. */
  deny(at: HttpExchange, uid: string, source: string): Promise<Next>;
  /** Gives more time for a page. @returns false where it has had all there is; undefined where none is open */
  moreTime(at: HttpExchange, uid: string): Promise<boolean | undefined>;
  /** Asks again who it is. */
  switchAccount(at: HttpExchange): Promise<Next>;
}
