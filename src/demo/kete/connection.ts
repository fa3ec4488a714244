import * as client from 'openid-client';
import type { Clock } from '../../clock.ts';

/** What Kete Health asks for at first; the person may allow less, and is asked for more when she wants more. */
const SCOPE = [
  'openid profile fhirUser launch/patient offline_access',
  'patient/Patient.rs patient/Immunization.rs patient/Appointment.rs',
  'patient/MedicationRequest.rs patient/AllergyIntolerance.rs',
].join(' ');

/** Seconds that the server may take for an answer. */
const TIMEOUT = 5;

/** What is remembered of a sign-in until it is answered. */
export interface SignIn {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** The scopes that are asked for, space-separated. */
  readonly scope: string;
  /** Path on which the person goes on. */
  readonly leadsTo: string;
  /** The scope that was wished for beside what there is. */
  readonly wish?: string;
}

/** Something more that a person wants, beside the access that she has given already. */
export interface Wish {
  /** The one scope that it takes. */
  readonly scope: string;
  /** Path on which the person goes on. */
  readonly leadsTo: string;
}

/** Access to one health record, as the token endpoint gave it. */
export interface Connection {
  readonly accessToken: string;
  /** Without it access ends with the access token. */
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  /** Granted scopes, space-separated; they may be fewer than asked for. */
  readonly scope: string;
  /** The scopes that were asked for and not granted. */
  readonly refused: readonly string[];
  /** Logical id of the Patient resource whose record this is. */
  readonly patient: string;
  readonly needPatientBanner: boolean;
  /** Life of the access token in seconds. */
  readonly lifetime: number;
  /** When the access token ends, in seconds since 1970. */
  readonly expiresAt: number;
}

/**
 * The OAuth side of Kete Health. Errors are those of openid-client ({@link problemOf} explains them); discovery happens
 * at the first use, and again at the next one when it failed.
 */
export interface Connector {
  /**
   * Begins a sign-in: where to send the browser, and what to remember until it comes back.
   *
   * @param more something beside what `before` opens: everything is asked for together, so that one token opens it all
   */
  begin(more?: {
    readonly before: Connection;
    readonly wish: Wish;
  }): Promise<{ readonly url: URL; readonly signIn: SignIn }>;
  /**
   * Turns the answer of the authorisation endpoint into access.
   *
   * @param answer the query of the callback
   * @returns undefined if no health record came with the access
   */
  finish(answer: URLSearchParams, signIn: SignIn): Promise<Connection | undefined>;
  /** Renews access that has a refresh token. @returns undefined if the server says that it has ended */
  renew(connection: Connection): Promise<Connection | undefined>;
  /** Tells the server that the tokens are not needed any more (RFC 7009), if it wants to know. */
  revoke(connection: Connection): Promise<void>;
  /** Where to send the browser to sign out at the server too (RP-Initiated Logout), if it offers that. */
  signOutUrl(connection: Connection): Promise<URL | undefined>;
}

/**
 * @param issuer issuer identifier; plain http is used only if it says so itself
 * @param fhirBase the `aud` of each request (SMART App Launch 2.2, section "Authorization request")
 */
export function createConnector(options: {
  readonly issuer: string;
  readonly fhirBase: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clock: Clock;
}): Connector {
  const { issuer, fhirBase, clientId, clientSecret, clock } = options;
  const redirectUri = `${issuer}/demo/callback`;
  let discovered: Promise<client.Configuration> | undefined;

  async function discover(): Promise<client.Configuration> {
    const insecure = new URL(issuer).protocol === 'http:' ? [client.allowInsecureRequests] : [];
    // The library skips the signature of ID tokens because they come over TLS; over http nothing else proves them.
    return client.discovery(new URL(issuer), clientId, undefined, client.ClientSecretBasic(clientSecret), {
      execute: [...insecure, client.enableNonRepudiationChecks],
      timeout: TIMEOUT,
    });
  }

  function configuration(): Promise<client.Configuration> {
    discovered ??= discover().catch((error: unknown) => {
      discovered = undefined;
      throw error;
    });
    return discovered;
  }

  /**
   * @param asked the scopes that were asked for; what is not told about them was granted (RFC 6749 section 5.1)
   * @param before what a renewal leaves out stays as it was (RFC 6749 section 6)
   */
  function asConnection(
    tokens: Awaited<ReturnType<typeof client.refreshTokenGrant>>,
    asked: string,
    before?: Connection,
  ): Connection | undefined {
    const patient = typeof tokens.patient === 'string' ? tokens.patient : before?.patient;
    if (patient === undefined) return undefined;
    // A life that was not told counts as over: such a token is renewed before each use.
    const lifetime = tokens.expires_in ?? 0;
    const banner = tokens.need_patient_banner;
    const scope = tokens.scope ?? asked;
    const granted = new Set(scope.split(' '));
    return {
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token ?? before?.refreshToken,
      idToken: tokens.id_token ?? before?.idToken,
      scope,
      refused: before?.refused ?? asked.split(' ').filter((one) => !granted.has(one)),
      patient,
      needPatientBanner: typeof banner === 'boolean' ? banner : (before?.needPatientBanner ?? true),
      lifetime,
      expiresAt: clock.seconds() + lifetime,
    };
  }

  return {
    async begin(more) {
      const config = await configuration();
      const signIn = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        codeVerifier: client.randomPKCECodeVerifier(),
        scope: more === undefined ? SCOPE : `${more.before.scope} ${more.wish.scope}`,
        leadsTo: more?.wish.leadsTo ?? '/demo/record',
        ...(more && { wish: more.wish.scope }),
      };
      // What she said no to is not asked for again, unless she herself says that she wants to be asked.
      const again = more?.before.refused.includes(more.wish.scope) ?? false;
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: signIn.scope,
        ...(again ? { prompt: 'consent' } : {}),
        aud: fhirBase,
        state: signIn.state,
        nonce: signIn.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(signIn.codeVerifier),
        code_challenge_method: 'S256',
      });
      return { url, signIn };
    },

    async finish(answer, signIn) {
      const tokens = await client.authorizationCodeGrant(
        await configuration(),
        new URL(`${redirectUri}?${answer}`),
        {
          expectedState: signIn.state,
          expectedNonce: signIn.nonce,
          pkceCodeVerifier: signIn.codeVerifier,
        },
      );
      return asConnection(tokens, signIn.scope);
    },

    async renew(connection) {
      if (connection.refreshToken === undefined) return undefined;
      try {
        const tokens = await client.refreshTokenGrant(await configuration(), connection.refreshToken);
        return asConnection(tokens, connection.scope, connection);
      } catch (error) {
        if (error instanceof client.ResponseBodyError && error.error === 'invalid_grant') return undefined;
        throw error;
      }
    },

    async revoke({ refreshToken, accessToken }) {
      const config = await configuration();
      if (config.serverMetadata().revocation_endpoint === undefined) return;
      await client.tokenRevocation(config, refreshToken ?? accessToken);
    },

    async signOutUrl({ idToken }) {
      const config = await configuration();
      if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
      return client.buildEndSessionUrl(config, {
        post_logout_redirect_uri: `${issuer}/demo`,
        ...(idToken === undefined ? {} : { id_token_hint: idToken }),
      });
    },
  };
}
