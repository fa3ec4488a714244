import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AdapterPayload } from 'oidc-provider';
import { lifetimes } from '../lifetimes.ts';

/**
 * Binds the way back from the sign-in page to the browser in which the password was typed.
 *
 * The interaction alone does not: its cookies may have been planted by somebody else, who would then be signed in as
 * whoever types her password (session fixation). The proof is the same however often the form is sent, so that a button
 * pressed twice still leads on.
 */
export interface BrowserBinding {
  /** Gives the browser the proof that in it somebody signed in to an interaction. */
  bind(res: ServerResponse, uid: string, accountId: string): void;
  /**
   * Whether a browser may go on with an interaction as it is kept. Asked where the library looks it up, so that what is
   * checked is what is used.
   */
  mayGoOn(req: IncomingMessage, uid: string, interaction: AdapterPayload): boolean;
}

/** Makes the binding. @param key secret, the same on all nodes */
export function createBrowserBinding(options: { issuer: string; key: string }): BrowserBinding {
  const { issuer, key } = options;
  const secure = issuer.startsWith('https:');
  const name = `${secure ? '__Secure-' : ''}assent_proof`;
  const proofOf = (uid: string, accountId: string) =>
    createHmac('sha256', key)
      .update(JSON.stringify([uid, accountId]))
      .digest('base64url');

  function holds(req: IncomingMessage, proof: string): boolean {
    const expected = Buffer.from(`${name}=${proof}`);
    return (req.headers.cookie ?? '').split(/;\s*/).some((pair) => {
      const sent = Buffer.from(pair);
      return expected.length === sent.length && timingSafeEqual(expected, sent);
    });
  }

  return {
    bind(res, uid, accountId) {
      const attributes = ['HttpOnly', 'SameSite=Lax', `Max-Age=${lifetimes.interaction}`];
      if (secure) attributes.push('Secure');
      res.appendHeader(
        'Set-Cookie',
        [`${name}=${proofOf(uid, accountId)}`, `Path=/auth/${uid}`, ...attributes].join('; '),
      );
    },
    mayGoOn(req, uid, { prompt, result }) {
      // A consent's way back is tied already: the library asks for the session in which it was given.
      if (prompt?.name !== 'login' || result?.login === undefined) return true;
      return holds(req, proofOf(uid, String(result.login.accountId)));
    },
  };
}
