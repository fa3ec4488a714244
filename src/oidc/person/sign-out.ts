import type { Context, Middleware } from 'koa';
import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { isAt } from '../../addresses/index.ts';
import type { Audit } from '../../audit/index.ts';
import { type Client, type ClientRegistry, clientName, listed } from '../../clients/index.ts';
import { isObject } from '../../text.ts';
import type { RequestStates } from '../request-state.ts';

/** Signing out, and coming back from a page of ours. */
const concerned = /^\/(?:session\/end|auth\/)/i;

/** Where a page can lead back to. */
export interface ApplicationLink {
  readonly name: string;
  readonly uri: string;
}

/** The pages around signing out. Each sets the body of the answer; `formTargets` are what its form may lead to. */
export interface SignOutPages {
  /** Asks whether to sign out. `form` is the library's own, without buttons. */
  signOut(
    ctx: KoaContextWithOIDC,
    page: { form: string; client: string; clientId: string; formTargets: readonly string[] },
  ): void;
  /** What has become of it: `stayed` where somebody is signed in still. */
  signedOut(ctx: KoaContextWithOIDC, page: { client: ApplicationLink | null; stayed: boolean }): void;
  /** Refuses a form that did not come from our page. */
  forbidden(ctx: Context): void;
  /** A form that the person sends on herself. */
  goOn(
    ctx: KoaContextWithOIDC,
    page: {
      kind: 'signed-out' | 'switch';
      action: string;
      fields: readonly { name: string; value: string }[];
      formTargets: readonly string[];
    },
  ): void;
}

/** Where a person finds a client again, if it said so at registration. */
export function applicationLink(client: Client | undefined): ApplicationLink | null {
  const uri = client?.metadata.initiate_login_uri ?? client?.metadata.client_uri;
  return client === undefined || typeof uri !== 'string' ? null : { name: clientName(client), uri };
}

/** What a content security policy calls the places to which an address may lead on. */
function target(uri: string): string {
  const url = new URL(uri);
  if (url.protocol !== 'http:') return url.protocol;
  // A policy can name no IPv6 address.
  return url.hostname === '127.0.0.1' ? 'http://127.0.0.1:*' : 'http:';
}

/**
 * Where a browser may be led after a form of ours, for `form-action`. Browsers hold the whole chain of redirects to it,
 * also those of the application itself, which may go on to another origin of its own: so the scheme is named, no host.
 */
export function returnTargets(client: Client | undefined): readonly string[] {
  if (client === undefined) return [];
  const uris = [...listed(client, 'redirect_uris'), ...listed(client, 'post_logout_redirect_uris')];
  return [...new Set(uris.map(target))];
}

/** A hint that is no id_token is a fault of the request, not of a client: nobody has to prove who it is here. */
export function asSignOutFault<Out extends { error: string }>(ctx: KoaContextWithOIDC, out: Out): Out {
  return ctx.oidc?.route === 'end_session' && out.error === 'invalid_client'
    ? { ...out, error: 'invalid_request' }
    : out;
}

export interface SignOut {
  /** `rpInitiatedLogout.logoutSource` */
  question(ctx: KoaContextWithOIDC, form: string): Promise<void>;
  /** `rpInitiatedLogout.postLogoutSuccessSource` */
  done(ctx: KoaContextWithOIDC): Promise<void>;
  /**
   * Puts our pages in the place of the library's two that send themselves by an inline script: signing out where nobody
   * is signed in, and another person signing in on the same browser.
   */
  readonly middleware: Middleware;
}

/** Signing out (OpenID Connect RP-Initiated Logout 1.0). */
export function createSignOut(options: {
  registry: ClientRegistry;
  states: RequestStates;
  isOwnForm: (ctx: Context) => boolean;
  audit: Audit;
  sourceOf: (ctx: Context) => string;
  pages: SignOutPages;
  /** Asked for lazily, because these hooks are part of it. */
  provider: () => Provider;
}): SignOut {
  const { provider, registry, states, isOwnForm, audit, sourceOf, pages } = options;

  /** The client that a sign-out was asked for by; known from the question on, in the session. */
  async function clientOf(ctx: KoaContextWithOIDC): Promise<Client | undefined> {
    const clientId = ctx.oidc.client?.clientId;
    return states.of(ctx).client ?? (clientId === undefined ? undefined : registry.find(clientId));
  }

  async function replace(ctx: KoaContextWithOIDC, kind: 'signed-out' | 'switch'): Promise<void> {
    const { session, params } = ctx.oidc;
    const secret = session?.state?.secret;
    const client = await clientOf(ctx);
    if (kind === 'signed-out' && params?.post_logout_redirect_uri === undefined) {
      pages.signedOut(ctx, { client: applicationLink(client), stayed: false });
      return;
    }
    pages.goOn(ctx, {
      kind,
      action: ctx.oidc.urlFor('end_session_confirm'),
      fields: [
        { name: 'xsrf', value: String(secret) },
        { name: 'logout', value: 'yes' },
      ],
      formTargets: returnTargets(client),
    });
  }

  /** The session, which knew the client, is gone when the last page is asked for: the address says who it was. */
  function leadBack(ctx: KoaContextWithOIDC): void {
    const success = ctx.oidc.urlFor('end_session_success');
    const clientId = ctx.oidc.client?.clientId;
    if (ctx.status === 303 && clientId !== undefined && ctx.response.get('Location') === success)
      ctx.redirect(`${success}?${new URLSearchParams({ client_id: clientId })}`);
  }

  return {
    async question(ctx, form) {
      const client = await clientOf(ctx);
      pages.signOut(ctx, {
        form,
        client: client === undefined ? '' : clientName(client),
        clientId: client?.clientId ?? '',
        formTargets: returnTargets(client),
      });
    },
    async done(ctx) {
      // Who chose to stay comes here too, and anybody may type the address.
      const { accountId } = await provider().Session.get(ctx);
      pages.signedOut(ctx, { client: applicationLink(await clientOf(ctx)), stayed: accountId !== undefined });
    },
    async middleware(context, next) {
      if (!concerned.test(context.path)) return next();
      if (context.method === 'POST' && isAt(context.path, '/session/end/confirm') && !isOwnForm(context)) {
        pages.forbidden(context);
        return;
      }
      await next();
      const ctx = context as unknown as KoaContextWithOIDC;
      if (ctx.oidc === undefined) return;
      const { route, session, params, client } = ctx.oidc;
      if (ctx.status === 400 && isObject(ctx.body))
        ctx.body = asSignOutFault(ctx, ctx.body as { error: string });
      if (route === 'end_session_confirm' && ctx.status === 303 && params?.logout && session?.accountId)
        await audit.record({
          type: 'person.signed-out',
          subject: session.accountId,
          clientId: client?.clientId,
          source: sourceOf(context),
        });
      leadBack(ctx);
      if (ctx.status !== 200) return;
      if (ctx.oidc.route === 'end_session' && ctx.oidc.session?.accountId === undefined)
        await replace(ctx, 'signed-out');
      if (ctx.oidc.route === 'resume') await replace(ctx, 'switch');
    },
  };
}
