import {
  errors,
  interactionPolicy,
  type KoaContextWithOIDC,
  type interactionPolicy as Policy,
} from 'oidc-provider';
import { asksToWrite, FRESH, requiredLevel, suffices } from '../../accounts/index.ts';
import { aboveRole } from '../../authorisation/index.ts';
import { asText } from '../../text.ts';
import { lifetimes } from '../lifetimes.ts';
import type { RequestStates } from '../request-state.ts';
import type { Roles } from '../role-choice.ts';
import { freshnessOf, longestAge } from './freshness.ts';

/** Why a login is asked for that whoever is signed in need only add something to. */
export const STEP_UP = 'acr_missing';

/**
 * When a person is asked to sign in, for her role and to consent: the library's own reasons; ours about sessions, because
 * the library would take a session whose account was disabled for signed in, has no end for one that is kept busy, and
 * does not ask how somebody signed in; and the role, between signing in and consent.
 */
export function createPrompts(options: { roles: Roles; states: RequestStates }): Policy.DefaultPolicy {
  const { roles, states } = options;
  const { base, Check, Prompt } = interactionPolicy;

  /** Somebody who signed in before, for another application perhaps, need not be the person who is to act here. */
  async function isStranger(ctx: KoaContextWithOIDC): Promise<boolean> {
    return !ctx.oidc.result?.login && (await roles.of(ctx)).kind === 'missing';
  }

  async function isRoleOpen(ctx: KoaContextWithOIDC): Promise<boolean> {
    const choice = await roles.of(ctx);
    if (choice.kind === 'missing')
      throw new errors.AccessDenied('the person has no role at the organisation of the client');
    const { api } = states.of(ctx);
    if (choice.kind !== 'chosen' || api === undefined) return choice.kind === 'open';
    const [above] = aboveRole(choice.role, api, [...ctx.oidc.requestParamScopes]);
    if (above !== undefined)
      throw new errors.InvalidScope(`the role of the person may not have ${above}`, above);
    return false;
  }

  const levelNeeded = (ctx: KoaContextWithOIDC) =>
    requiredLevel({
      api: states.of(ctx).api,
      scopes: [...ctx.oidc.requestParamScopes],
      acrValues: asText(ctx.oidc.params?.acr_values),
    });

  const ageAllowed = (ctx: KoaContextWithOIDC) =>
    longestAge({
      prompts: ctx.oidc.prompts,
      maxAge: ctx.oidc.params?.max_age,
      own: asksToWrite(states.of(ctx).api, [...ctx.oidc.requestParamScopes]) ? FRESH : undefined,
    });

  const prompts = base();
  const login = prompts.get('login');
  if (login !== undefined)
    login.details = (ctx) => ({ level: String(levelNeeded(ctx)), longest: ageAllowed(ctx) });
  login?.checks.add(
    new Check(
      'account_gone',
      'the account cannot be used',
      'login_required',
      ({ oidc }) => oidc.session?.accountId !== undefined && oidc.account === undefined,
    ),
  );
  login?.checks.add(
    new Check('session_ended', 'the session has ended', 'login_required', (ctx) => {
      const { session, result } = ctx.oidc;
      return session?.accountId !== undefined && !result?.login && session.past(lifetimes.sessionEnd);
    }),
  );
  login?.checks.add(
    new Check(
      STEP_UP,
      'the person has to prove more than she did when she signed in',
      'interaction_required',
      (ctx) => {
        const { session } = ctx.oidc;
        return session?.accountId !== undefined && !suffices(session.acr, levelNeeded(ctx));
      },
    ),
  );
  login?.checks.add(
    new Check('not_fresh', 'the sign-in is older than this request allows', 'login_required', (ctx) => {
      const { session, result } = ctx.oidc;
      const longest = ageAllowed(ctx);
      if (session?.accountId === undefined || longest === undefined) return false;
      // The library takes any answer for a fresh one. What was proved elsewhere, or in parts, was proved when it was.
      if (result?.login) {
        const { ts = 0, began } = result.login;
        return ts < freshnessOf(longest, Number(began)).earliest;
      }
      // Whoever has answered a page of this request was fresh when it began.
      return result === undefined && session.past(longest);
    }),
  );
  login?.checks.add(
    new Check(
      'role_missing',
      'whoever is signed in has no role at the organisation of the client',
      'login_required',
      isStranger,
    ),
  );
  const role = new Prompt(
    { name: 'role', requestable: false },
    new Check(
      'role_open',
      'the person has to say in which role she asks',
      'interaction_required',
      isRoleOpen,
    ),
  );
  prompts.add(role, 1);
  const consent = prompts.get('consent');
  // What the page says is what is decided about, also if roles change or another tab decides while it is open.
  if (consent !== undefined)
    consent.details = async (ctx) => {
      const choice = await roles.of(ctx);
      const { reason, undecided } = states.of(ctx);
      // Who is asked because the application wants her to be asked is asked about everything.
      const more = undecided !== undefined && !ctx.oidc.prompts.has('consent');
      return {
        reason,
        ...(choice.kind === 'chosen' && { role: choice.role.id }),
        ...(more && { more: undecided }),
      };
    };
  return prompts;
}
