import * as client from 'openid-client';
import type { Clock } from '../clock.ts';
import { createCache } from '../db/index.ts';
import type { Seal } from '../keys/index.ts';
import type { Outgoing } from '../outgoing/index.ts';
import type { Claims } from './claims.ts';
import { NoAnswer, WrongProvider } from './faults.ts';
import { freshParameters } from './freshness.ts';
import { openSourceKey } from './source-key.ts';
import type { Source, Sources } from './sources.ts';

/** For how long what a provider says of itself serves, in milliseconds. */
const FRESH = 600_000;

/** Longest answer of a provider that is read, in bytes; a person with five hundred roles fits. */
const LONGEST = 512 * 1024;

/** Seconds for an answer; `outgoing` has a limit of its own below it. */
const TIMEOUT = 5;

/** What is remembered of a sign-in until the provider answers. */
export interface Begun {
  readonly nonce: string;
  readonly verifier: string;
}

/** The OAuth side of a source. Errors are those of openid-client, `NoAnswer` and `WrongProvider`; `faultOf` sorts them. */
export interface Connector {
  /** Where to send the browser. @param longest seconds for which a sign-in there counts; undefined where all the same */
  begin(
    source: Source,
    state: string,
    longest: number | undefined,
  ): Promise<{ readonly url: URL; readonly begun: Begun }>;
  /**
   * Turns the provider's answer into claims, all checks passed: state, `iss` (RFC 9207), PKCE, signature with the algorithm of
   * the settings, issuer, audience, nonce, times, and that both sets of claims are about the same person.
   *
   * @param answer the query of the callback
   */
  finish(
    source: Source,
    answer: URLSearchParams,
    state: string,
    begun: Begun,
  ): Promise<{ readonly idToken: Claims; readonly userinfo: Claims }>;
}

async function bodyOf(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > LONGEST) throw new Error('the answer is too long');
    parts.push(part);
  }
  return Uint8Array.from(Buffer.concat(parts));
}

/** openid-client's way out: our own, so that no provider leads us into the inner network, nor keeps us with endless answers. */
function wayOut(outgoing: Outgoing): client.CustomFetch {
  return async (url, { method, headers, body }) => {
    try {
      const sent = body === undefined || body === null ? {} : { body: String(body) };
      const response = await outgoing.fetch(url, { method, headers, ...sent });
      if (response.status >= 500) {
        await response.body?.cancel();
        throw new Error(`status ${response.status}`);
      }
      const { status, headers: answered } = response;
      const content = await bodyOf(response);
      return new Response(content.length === 0 ? null : content, { status, headers: answered });
    } catch (cause) {
      throw new NoAnswer('the provider does not answer', { cause });
    }
  };
}

/** @param issuer our own, under which callbacks are */
export function createConnector(options: {
  issuer: string;
  clock: Clock;
  seal: Seal;
  outgoing: Outgoing;
  sources: Pick<Sources, 'all'>;
}): Connector {
  const { issuer: own, clock, seal, outgoing, sources } = options;
  const keyOf = ({ settings, updatedAt }: Source) => `${settings.id} ${updatedAt.toISOString()}`;
  const redirectUri = ({ settings }: Source) => `${own}/sources/${settings.id}/callback`;

  async function discover(source: Source): Promise<client.Configuration> {
    const { id, issuer, client_id: clientId, assertion_audience: audience, id_token_alg } = source.settings;
    const key = await openSourceKey(seal, id, source.sealedKey);
    let tokenEndpoint: string | undefined;
    const authentication = client.PrivateKeyJwt(key, {
      [client.modifyAssertion](_header, payload) {
        if (audience === 'token_endpoint' && tokenEndpoint !== undefined) payload.aud = tokenEndpoint;
      },
    });
    const insecure = new URL(issuer).protocol === 'http:' ? [client.allowInsecureRequests] : [];
    const config = await client.discovery(
      new URL(issuer),
      clientId,
      { id_token_signed_response_alg: id_token_alg },
      authentication,
      {
        // The library skips signatures because of TLS; here a signature is also the proof for later.
        execute: [...insecure, client.enableNonRepudiationChecks],
        timeout: TIMEOUT,
        [client.customFetch]: wayOut(outgoing),
      },
    );
    const metadata = config.serverMetadata();
    // Letter by letter (OpenID Connect Discovery 1.0 section 4.3); the library compares more loosely.
    if (metadata.issuer !== issuer) throw new WrongProvider('issuer_differs');
    if (outgoing.addressFault(metadata.authorization_endpoint ?? '') !== undefined)
      throw new WrongProvider('authorization_endpoint_refused');
    tokenEndpoint = metadata.token_endpoint;
    return config;
  }

  /** By id and time of the last change: what was imported anew is asked for anew. */
  const configurations = createCache({
    clock,
    max: 100,
    fresh: FRESH,
    async load(key) {
      const source = (await sources.all()).find((one) => keyOf(one) === key);
      if (source === undefined) throw new WrongProvider('source_changed');
      return discover(source);
    },
  });
  const configuration = (source: Source) => configurations.get(keyOf(source));

  return {
    async begin(source, state, longest) {
      const config = await configuration(source);
      const begun = { nonce: client.randomNonce(), verifier: client.randomPKCECodeVerifier() };
      const url = client.buildAuthorizationUrl(config, {
        ...source.settings.parameters,
        ...freshParameters(source.settings, longest),
        redirect_uri: redirectUri(source),
        scope: source.settings.scopes,
        state,
        nonce: begun.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(begun.verifier),
        code_challenge_method: 'S256',
      });
      return { url, begun };
    },
    async finish(source, answer, state, { nonce, verifier }) {
      const config = await configuration(source);
      const here = new URL(`${redirectUri(source)}?${answer}`);
      const tokens = await client.authorizationCodeGrant(config, here, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const idToken = tokens.claims();
      if (idToken === undefined) throw new WrongProvider('no_id_token');
      const { userinfo_endpoint: endpoint } = config.serverMetadata();
      const userinfo =
        endpoint === undefined ? {} : await client.fetchUserInfo(config, tokens.access_token, idToken.sub);
      return { idToken: { ...idToken }, userinfo: { ...userinfo } };
    },
  };
}
