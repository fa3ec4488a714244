import type { TestServer } from '../../support/server.ts';
import {
  authorise,
  exchange,
  formTo,
  type Page,
  type TokenAnswer,
  type Visitor,
} from '../../support/visitor.ts';
import { begin, responseOf, visit } from './steps.ts';

/** A browser in which somebody has signed in and allowed what is usual, and the tokens that came of it. */
export async function signedIn(
  server: TestServer,
  identifier = 'aroha@example.test',
): Promise<{ visitor: Visitor; tokens: TokenAnswer }> {
  const authorised = await authorise(server, { visitor: visit(server), identifier });
  return { visitor: authorised.visitor, tokens: await exchange(server, authorised) };
}

/** Whether the server still knows who uses a browser, without asking. */
export async function isSignedIn(server: TestServer, visitor: Visitor): Promise<boolean> {
  const { page } = await begin(server, { visitor, change: { prompt: 'none' } });
  return responseOf(page).has('code');
}

/** Asks to sign out (OpenID Connect RP-Initiated Logout 1.0 section 2). */
export const endSession = (
  { issuer }: Pick<TestServer, 'issuer'>,
  visitor: Visitor,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Page> => visitor.get(`${issuer}/session/end?${new URLSearchParams(parameters)}`);

/** Answers the question whether to sign out. */
export function answerSignOut(visitor: Visitor, page: Page, choice: 'out' | 'stay'): Promise<Page> {
  const { action, fields } = formTo(page, '/session/end/confirm');
  return visitor.post(action, choice === 'out' ? [...fields, ['logout', 'yes']] : fields);
}

/** Signs out of a browser. */
export async function signOut(server: Pick<TestServer, 'issuer'>, visitor: Visitor): Promise<void> {
  await answerSignOut(visitor, await endSession(server, visitor), 'out');
}
