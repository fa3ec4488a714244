import type { Context } from 'koa';
import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { ClientRegistry } from '../clients/index.ts';
import { asText } from '../text.ts';
import { isInterrupted, isSeenByPerson } from './faults.ts';
import type { AskedLanguages, OidcPages } from './options.ts';
import { type ApplicationLink, applicationLink, asSignOutFault } from './person/sign-out.ts';
import type { RequestStates } from './request-state.ts';

/** Whether something took too long, was finished before, or began in another browser; a sign-out that was, too. */
const isExpired = (ctx: KoaContextWithOIDC, fault: unknown) =>
  fault instanceof errors.SessionNotFound ||
  (ctx.oidc.route === 'end_session_confirm' && fault instanceof errors.InvalidRequest);

/** What is answered to a request that cannot go on. */
export interface ErrorPages {
  /** Where the application is that sent the person here, if it is known. */
  applicationOf(ctx: Context): Promise<ApplicationLink | null>;
  /** `renderError`: a page for people, JSON for programs. */
  readonly render: NonNullable<Configuration['renderError']>;
}

/** Connects the library's errors to our pages. */
export function createErrorPages(options: {
  registry: ClientRegistry;
  states: RequestStates;
  pages: OidcPages;
  languages: AskedLanguages;
}): ErrorPages {
  const { registry, states, pages, languages } = options;

  /** The library asks for the session before it looks for the client. */
  async function applicationOf(ctx: Context): Promise<ApplicationLink | null> {
    const named = asText(ctx.query.client_id) ?? '';
    return applicationLink(states.of(ctx).client ?? (await registry.find(named).catch(() => undefined)));
  }

  return {
    applicationOf,
    async render(ctx, given, fault) {
      languages.asked(ctx, ctx.oidc.params?.ui_locales);
      const out = asSignOutFault(ctx, given);
      if (!isSeenByPerson(ctx)) ctx.body = out;
      else if (isExpired(ctx, fault)) pages.expired(ctx);
      else if (isInterrupted(ctx, fault)) pages.interrupted(ctx, await applicationOf(ctx));
      else
        pages.refused(ctx, {
          status: ctx.status,
          error: out.error,
          description: out.error_description,
          client: applicationLink(states.of(ctx).client),
        });
    },
  };
}
