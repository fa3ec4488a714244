import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';

/** What a provider does otherwise than it should; by default it is honest. */
export interface Lies {
  /** Changes the claims of the ID token. */
  idToken?: (claims: JWTPayload) => JWTPayload;
  /** Changes what the userinfo endpoint says. */
  userinfo?: (claims: Record<string, unknown>) => Record<string, unknown>;
  /** Members of the metadata that are other ones. */
  metadata?: Record<string, unknown>;
  /** Signs with a key that it does not publish. */
  foreignKey?: boolean;
  /** Writes this algorithm and no signature. */
  unsigned?: boolean;
  /** Status and body of the token endpoint. */
  token?: { readonly status: number; readonly body: unknown };
  /** Closes every connection without an answer. */
  silent?: boolean;
}

/** A small OpenID provider whose every word a test can change. */
export interface LyingProvider {
  readonly issuer: string;
  /** Set by the test; put back by `honest`. */
  lies: Lies;
  /** Claims of the person who signs in. */
  person: Record<string, unknown>;
  /** The key of its client, whose assertions it checks. */
  clientKey: JWK | undefined;
  /** What was sent to the token endpoint, as far as it was good: header and claims of the assertion among it. */
  readonly assertions: JWTPayload[];
  honest(): void;
  /** Lets the person sign in. @param url of the authorisation request @returns where the browser is sent back to */
  signIn(url: URL): URL;
  close(): Promise<void>;
}

const nobody = { sub: 'somebody', name: 'Somebody Else' };

/** Starts the provider on a free port. */
export async function startLyingProvider(): Promise<LyingProvider> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const foreign = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'published', alg: 'ES256', use: 'sig' };
  const codes = new Map<string, URLSearchParams>();

  async function idToken(request: URLSearchParams): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const { sub, ...claims } = provider.person;
    const honest: JWTPayload = {
      iss: provider.issuer,
      aud: String(request.get('client_id')),
      nonce: String(request.get('nonce')),
      iat: now,
      exp: now + 300,
      sub: String(sub),
      ...claims,
    };
    const said = provider.lies.idToken?.(honest) ?? honest;
    if (provider.lies.unsigned) {
      const parts = [{ alg: 'none' }, said].map((part) =>
        Buffer.from(JSON.stringify(part)).toString('base64url'),
      );
      return `${parts.join('.')}.`;
    }
    const key = provider.lies.foreignKey ? foreign.privateKey : privateKey;
    return new SignJWT(said).setProtectedHeader({ alg: 'ES256', kid: 'published' }).sign(key);
  }

  /** PKCE and the client's assertion are checked, so that a test sees that both are sent. */
  async function token(form: URLSearchParams): Promise<{ status: number; body: unknown }> {
    if (provider.lies.token !== undefined) return provider.lies.token;
    const request = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (request?.get('code_challenge') !== challenge || provider.clientKey === undefined)
      return { status: 400, body: { error: 'invalid_grant' } };
    const { payload } = await jwtVerify(
      form.get('client_assertion') ?? '',
      await importJWK(provider.clientKey),
      { issuer: String(request.get('client_id')) },
    );
    provider.assertions.push(payload);
    const body = {
      access_token: 'access',
      token_type: 'Bearer',
      expires_in: 300,
      id_token: await idToken(request),
    };
    return { status: 200, body };
  }

  const server = createServer(async (req, res) => {
    if (provider.lies.silent) return void req.socket.destroy();
    const answer = (status: number, body: unknown) =>
      void res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    const { issuer } = provider;
    switch (req.url) {
      case '/.well-known/openid-configuration':
        return answer(200, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          userinfo_endpoint: `${issuer}/userinfo`,
          jwks_uri: `${issuer}/jwks`,
          response_types_supported: ['code'],
          ...provider.lies.metadata,
        });
      case '/jwks':
        return answer(200, { keys: [jwk] });
      case '/userinfo':
        return answer(200, provider.lies.userinfo?.(provider.person) ?? provider.person);
      case '/token': {
        let body = '';
        for await (const part of req) body += part;
        const said = await token(new URLSearchParams(body)).catch(() => ({
          status: 401,
          body: { error: 'invalid_client' },
        }));
        return answer(said.status, said.body);
      }
      default:
        return answer(404, {});
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const provider: LyingProvider = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lies: {},
    person: nobody,
    clientKey: undefined,
    assertions: [],
    honest() {
      provider.lies = {};
      provider.person = nobody;
    },
    signIn(url) {
      const code = `code-${codes.size}-${url.searchParams.get('state')?.slice(0, 8)}`;
      codes.set(code, url.searchParams);
      const back = new URL(String(url.searchParams.get('redirect_uri')));
      back.search = String(
        new URLSearchParams({ code, state: String(url.searchParams.get('state')), iss: provider.issuer }),
      );
      return back;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return provider;
}
