import { decodeJwt } from 'jose';
import { type Credentials, grantOf, labWeb, redeem } from '../../support/exchange.ts';
import { practise, wardApp, wardChange } from '../../support/practitioner.ts';
import type { TestServer } from '../../support/server.ts';
import {
  type Authorised,
  authorise,
  keteWeb,
  type TokenAnswer,
  type Visitor,
} from '../../support/visitor.ts';
import { notesChange, notesWeb } from '../attacks/jwts.ts';

/** Tokens that came from one decision of a person. */
export interface Family {
  readonly first: TokenAnswer;
  readonly authorised: Authorised;
}

/** A kind of family, and whose it is. */
export interface FamilyKind {
  readonly what: string;
  readonly api: string;
  readonly client: Credentials;
  /** Another client that proves who it is. */
  readonly other: Credentials;
  /** Signs the person in, in a browser of her own, or goes on in one where she has signed in; gives the code. */
  code(server: Pick<TestServer, 'issuer'>, visitor?: Visitor): Promise<Authorised>;
  /** The same, and exchanges the code. */
  start(server: Pick<TestServer, 'issuer'>, visitor?: Visitor): Promise<Family>;
}

function kindOf(kind: Omit<FamilyKind, 'start'>): FamilyKind {
  return {
    ...kind,
    async start(server, visitor) {
      const authorised = await kind.code(server, visitor);
      return { authorised, first: await redeem(server, authorised, kind.client) };
    },
  };
}

const ofPatient =
  (change: Readonly<Record<string, string>>): FamilyKind['code'] =>
  (server, visitor) =>
    authorise(server, { change, ...(visitor && { visitor }) });

const ofPractitioner: FamilyKind['code'] = async (server, visitor) => {
  const { authorised, page } = await practise(server, { change: wardChange, ...(visitor && { visitor }) });
  if (authorised === undefined) throw new Error(`no code: ${page.location}\n${page.html}`);
  return authorised;
};

/** Those whose access tokens are JWTs. */
export const jwtFamilies: readonly FamilyKind[] = [
  kindOf({
    what: 'a patient’s JWTs',
    api: 'notes',
    client: notesWeb,
    other: keteWeb,
    code: ofPatient(notesChange),
  }),
  kindOf({
    what: 'a practitioner’s JWTs',
    api: 'reasonable-adjustments',
    client: wardApp,
    other: ['clinic-backend', 'demo-secret-clinic-backend'],
    code: ofPractitioner,
  }),
];

/** Those, and the opaque ones. */
export const families: readonly FamilyKind[] = [
  kindOf({
    what: 'a patient’s opaque tokens',
    api: 'demo-fhir',
    client: keteWeb,
    other: labWeb,
    code: ofPatient({}),
  }),
  ...jwtFamilies,
];

/** The grant that a family came from. */
export function familyGrant(server: TestServer, { first }: Family): Promise<string> {
  return grantOf(server, first.refresh_token ?? '');
}

/** The identifier of a JWT. */
export const jtiOf = (token: string) => String(decodeJwt(token).jti);
