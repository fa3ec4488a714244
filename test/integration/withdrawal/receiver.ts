import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, type JWTVerifyResult, jwtVerify } from 'jose';

/** The web server of an application that wants to be told of sign-outs. */
export interface Receiver {
  /** `host:port` as OUTGOING_ALLOW wants it. */
  readonly allowed: string;
  readonly uri: string;
  /** What came so far: the type of each body, and its fields. */
  readonly received: readonly { readonly type: string; readonly fields: URLSearchParams }[];
  /** Answers with this status from now on. */
  answer(status: number): void;
  close(): Promise<void>;
}

/** Starts one on a free port. */
export async function createReceiver(): Promise<Receiver> {
  const received: { type: string; fields: URLSearchParams }[] = [];
  let status = 200;
  const server = createServer(async (req, res) => {
    let text = '';
    for await (const chunk of req.setEncoding('utf8')) text += chunk;
    received.push({ type: String(req.headers['content-type']), fields: new URLSearchParams(text) });
    res.writeHead(status, { 'Cache-Control': 'no-store' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    allowed: `127.0.0.1:${port}`,
    uri: `http://127.0.0.1:${port}/signed-out`,
    received,
    answer(next) {
      status = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Reads a logout token as an application has to (OpenID Connect Back-Channel Logout 1.0 section 2.6). */
export async function verifyNotice(
  issuer: string,
  { fields }: Receiver['received'][number],
  clientId: string,
): Promise<JWTVerifyResult> {
  return jwtVerify(fields.get('logout_token') ?? '', createRemoteJWKSet(new URL(`${issuer}/jwks`)), {
    issuer,
    audience: clientId,
    typ: 'logout+jwt',
    requiredClaims: ['iat', 'exp', 'jti', 'sub', 'events'],
  });
}
