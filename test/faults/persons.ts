import { isActive, redeem } from '../support/exchange.ts';
import {
  type AuthorisationRequest,
  allow,
  authorisationRequest,
  createVisitor,
  type Page,
  signIn,
  type Visitor,
} from '../support/visitor.ts';
import type { Stage } from './stage/stage.ts';

/** Somebody who has begun to sign in, and has a page before her. */
export interface Begun {
  readonly visitor: Visitor;
  readonly request: AuthorisationRequest;
  readonly page: Page;
}

/** Opens the sign-in page in a new browser; or, `signedIn`, the consent page behind it. */
export async function begin(stage: Stage, upTo: 'sign-in' | 'consent'): Promise<Begun> {
  const visitor = createVisitor(stage.issuer);
  const request = authorisationRequest(stage.issuer, { prompt: 'consent' });
  const page = await visitor.follow(await visitor.get(request.url));
  return { visitor, request, page: upTo === 'sign-in' ? page : await signIn(visitor, page) };
}

/** Goes on from the page that is open to a token that is good. @throws when that leads anywhere else */
export async function complete(stage: Stage, { visitor, request, page }: Begun): Promise<void> {
  const consent = page.html.includes('/sign-in"') ? await signIn(visitor, page) : page;
  const { location, status, html } = await allow(visitor, consent);
  const response = new URL(location ?? 'about:blank').searchParams;
  const code = response.get('code');
  if (code === null) throw new Error(`no code (${status}) ${location}:\n${html}`);
  const redirectUri = request.parameters.redirect_uri ?? '';
  const authorised = { code, verifier: request.verifier, redirectUri, visitor, response };
  const tokens = await redeem(stage, authorised);
  if (!(await isActive(stage, tokens))) throw new Error('the token is not active');
}
