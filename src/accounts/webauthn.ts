import {
  type AuthenticatorTransport,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { CHALLENGE_LIFE, type Challenges, type Occasion } from './challenges.ts';
import { answeredChallenge, type NewPasskeyResponse, type PasskeyResponse } from './passkey-response.ts';

/** COSE numbers of the signatures that are taken: EdDSA, ES256, RS256. Every authenticator has one of them. */
const ALGORITHMS = [-8, -7, -257];

/** What a browser calls a passkey, and how it reaches it. */
export interface Descriptor {
  readonly id: string;
  readonly transports: AuthenticatorTransport[];
}

/** An answer to one of our challenges; whether it is the first to it, the caller has to make sure of. */
interface Answered {
  readonly challenge: { readonly id: string; readonly expiresAt: Date };
  /** Signatures that the authenticator has made, where it counts them; 0 where not. */
  readonly counter: number;
  /** Whether the passkey is copied between devices. */
  readonly synced: boolean;
}

/** A passkey that was made. */
export interface NewPasskey extends Answered, Descriptor {
  /** COSE key, base64url. */
  readonly publicKey: string;
}

/** The ceremonies of WebAuthn, without what is kept of them. */
export interface Webauthn {
  creationOptions(
    user: { id: string; name: string; displayName: string },
    exclude: readonly Descriptor[],
    page: string,
  ): Promise<PublicKeyCredentialCreationOptionsJSON>;
  requestOptions(
    occasion: Omit<Occasion, 'ceremony'>,
    allow: readonly Descriptor[],
  ): Promise<PublicKeyCredentialRequestOptionsJSON>;
  /** The passkey that a response brings; undefined for any fault (WebAuthn Level 3 section 7.1). */
  checkNew(
    response: NewPasskeyResponse,
    occasion: Omit<Occasion, 'ceremony'>,
  ): Promise<NewPasskey | undefined>;
  /** What a response proves about a passkey that we know; undefined for any fault (WebAuthn Level 3 section 7.2). */
  check(
    response: PasskeyResponse,
    occasion: Omit<Occasion, 'ceremony'>,
    known: { id: string; publicKey: string; accountId: string },
  ): Promise<Answered | undefined>;
}

const asDescriptor = ({ id, transports }: Descriptor) => ({ id, transports });

/** Whatever the library throws, the response brings it about. */
async function unless<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch {
    return undefined;
  }
}

/**
 * Makes and checks WebAuthn ceremonies: at the issuer's origin alone, with user verification, as passkeys (discoverable
 * credentials), never out of a frame on another site.
 */
export function createWebauthn(options: { issuer: string; challenges: Challenges }): Webauthn {
  const { issuer, challenges } = options;
  const { hostname: rpID } = new URL(issuer);
  const timeout = CHALLENGE_LIFE * 1000;

  /** The challenge of ours that was answered, and what the library is to compare with. */
  function answered(response: { clientDataJSON: string }, occasion: Occasion) {
    const challenge = answeredChallenge(response);
    const expiresAt = challenge && challenges.expiry(challenge, occasion);
    if (challenge === undefined || expiresAt === undefined) return undefined;
    return { id: Buffer.from(challenge).toString('base64url'), expiresAt };
  }

  return {
    creationOptions: ({ id, name, displayName }, exclude, page) =>
      generateRegistrationOptions({
        rpName: rpID,
        rpID,
        userID: new TextEncoder().encode(id),
        userName: name,
        userDisplayName: displayName,
        challenge: challenges.create({ ceremony: 'create', page, accountId: id }),
        timeout,
        excludeCredentials: exclude.map(asDescriptor),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        supportedAlgorithmIDs: ALGORITHMS,
      }),
    requestOptions: (occasion, allow) =>
      generateAuthenticationOptions({
        rpID,
        allowCredentials: allow.map(asDescriptor),
        challenge: challenges.create({ ceremony: 'get', ...occasion }),
        timeout,
        userVerification: 'required',
      }),
    async checkNew(response, occasion) {
      const challenge = answered(response.response, { ceremony: 'create', ...occasion });
      if (challenge === undefined) return undefined;
      const result = await unless(
        verifyRegistrationResponse({
          response,
          expectedChallenge: challenge.id,
          expectedOrigin: issuer,
          expectedRPID: rpID,
          requireUserVerification: true,
          supportedAlgorithmIDs: ALGORITHMS,
        }),
      );
      if (result?.verified !== true) return undefined;
      const { credential, credentialDeviceType } = result.registrationInfo;
      if (credential.id !== response.id) return undefined;
      return {
        challenge,
        id: credential.id,
        publicKey: Buffer.from(credential.publicKey).toString('base64url'),
        transports: response.response.transports,
        counter: credential.counter,
        synced: credentialDeviceType === 'multiDevice',
      };
    },
    async check(response, occasion, { id, publicKey, accountId }) {
      const challenge = answered(response.response, { ceremony: 'get', ...occasion });
      const { userHandle } = response.response;
      if (challenge === undefined) return undefined;
      // Section 7.2: where nobody was named before, the authenticator has to say whose it is.
      if (userHandle === undefined ? occasion.accountId === undefined : !isHandle(userHandle, accountId))
        return undefined;
      const result = await unless(
        verifyAuthenticationResponse({
          response,
          expectedChallenge: challenge.id,
          expectedOrigin: issuer,
          expectedRPID: rpID,
          requireUserVerification: true,
          // The counter is judged where it is kept, by one statement.
          credential: { id, publicKey: Buffer.from(publicKey, 'base64url'), counter: 0 },
        }),
      );
      if (result?.verified !== true) return undefined;
      const { newCounter, credentialDeviceType } = result.authenticationInfo;
      return { challenge, counter: newCounter, synced: credentialDeviceType === 'multiDevice' };
    },
  };
}

const isHandle = (sent: string, accountId: string) =>
  Buffer.from(sent, 'base64url').toString('utf8') === accountId;
