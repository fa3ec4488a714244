import { basic, form, send } from '../../support/fixtures.ts';
import type { TestServer } from '../../support/server.ts';
import { type AuthorisationRequest, authorisationRequest, keteWeb } from '../../support/visitor.ts';
import type { Change } from './answers.ts';

/** What `/request` answers (RFC 9126 section 2.2 and 2.3). */
export interface Pushed {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Address to which a browser is then sent. */
  readonly url: string;
  /** The request as it was pushed, with the verifier of its code. */
  readonly request: AuthorisationRequest;
}

/** Address of a pushed request for a client. */
export function addressOf(issuer: string, requestUri: string, clientId = 'kete-web'): string {
  return `${issuer}/auth?${new URLSearchParams({ client_id: clientId, request_uri: requestUri })}`;
}

/**
 * Pushes an authorisation request.
 *
 * @param credentials of the client; `none` for one that has none, and only names itself
 */
export async function push(
  server: Pick<TestServer, 'issuer'>,
  change: Change = {},
  {
    credentials = keteWeb,
    more = [],
  }: {
    credentials?: readonly [string, string] | 'none';
    more?: readonly (readonly [string, string])[];
  } = {},
): Promise<Pushed> {
  const request = authorisationRequest(server.issuer, change);
  const headers = credentials === 'none' ? {} : basic(...credentials);
  const sent = form([...Object.entries(request.parameters), ...more], headers);
  const answer = await send(server, { ...sent, path: '/request' });
  const body = JSON.parse(answer.body) as Record<string, unknown>;
  return {
    status: answer.status,
    headers: answer.headers,
    body,
    url: addressOf(server.issuer, String(body.request_uri), request.parameters.client_id),
    request,
  };
}
