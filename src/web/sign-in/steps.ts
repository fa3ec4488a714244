import type Koa from 'koa';
import {
  type Account,
  type Accounts,
  acrWithCode,
  type Credentials,
  methods,
  type NextStep,
  nextStep,
  type Proofs,
  proofVersionOf,
} from '../../accounts/index.ts';
import type { Clock } from '../../clock.ts';
import type { SignInGuard } from '../../limits/index.ts';
import type { Interactions, Next, ProvenSignIn } from '../../oidc/index.ts';
import type { Form } from '../forms.ts';
import type { NewBrowser } from './new-browser.ts';
import type { Visit } from './question-pages.ts';
import { STEP_LIFE, type StepCookie } from './step-cookie.ts';
import type { StepPages } from './step-pages.ts';

/** A request to a sign-in that is open. */
export type SignInVisit = Visit & { readonly question: Visit['question'] & { readonly kind: 'sign-in' } };

/** What the steps after the first page need. */
export interface StepDependencies {
  readonly interactions: Pick<Interactions, 'signIn' | 'switchAccount'>;
  readonly accounts: Pick<Accounts, 'find' | 'bestAcr'>;
  readonly credentials: Pick<Credentials, 'authenticators' | 'recoveryCodes' | 'passkeys'>;
  readonly guard: Pick<SignInGuard, 'attemptCode'>;
  readonly newBrowser: NewBrowser;
  readonly stepCookie: StepCookie;
  readonly clock: Clock;
  readonly onRefused: (source: string, error: 'sign_in_refused' | 'sign_in_limited') => void;
  readonly sourceOf: (ctx: Koa.Context) => string;
  readonly pages: StepPages;
  readonly answerWith: (visit: Visit, next: Next) => void;
}

/** The steps of a sign-in: what comes after a password, and what a passkey does in the place of both. */
export interface Steps {
  /** Shows what is asked next. */
  open(visit: SignInVisit): Promise<void>;
  /** Goes on after something was proved: to the next step, or out of the sign-in. */
  proved(visit: SignInVisit, proof: ProvenSignIn): Promise<void>;
  /** Takes the code of an authenticator app, or a recovery code. */
  code(visit: SignInVisit, form: Form): Promise<void>;
  /** Takes whoever's passkey, from the first page. */
  passkey(visit: SignInVisit, form: Form): Promise<void>;
  /** Takes a passkey of whoever has proved something already. */
  ownPasskey(visit: SignInVisit, form: Form): Promise<void>;
  /** Adds a passkey, where one is needed and there is none. */
  newPasskey(visit: SignInVisit, form: Form): Promise<void>;
  /** Begins again, as somebody else perhaps. */
  restart(visit: SignInVisit): Promise<void>;
}

/** Makes the steps. */
export function createSteps(dependencies: StepDependencies): Steps {
  const { interactions, accounts, credentials, guard, newBrowser, stepCookie, clock } = dependencies;
  const { onRefused, sourceOf, pages, answerWith } = dependencies;
  const { authenticators, recoveryCodes, passkeys } = credentials;

  /** What she has proved: in this sign-in, or when she signed in before. */
  async function stateOf({ ctx, uid, question }: SignInVisit): Promise<ProvenSignIn | undefined> {
    const step = stepCookie.read(ctx, uid);
    if (step === undefined) return question.present;
    const account = await accounts.find(step.accountId);
    if (account === undefined || proofVersionOf(account) !== step.proofVersion) return question.present;
    return { ...step, account };
  }

  /** Most people have nothing but a password, and are done: whether there is a passkey, is looked up for the others. */
  async function nextOf(
    { question }: SignInVisit,
    state: ProvenSignIn,
  ): Promise<{ step: NextStep; proofs: Proofs }> {
    const { level } = question;
    const { authenticator } = state.account;
    const without: Proofs = { authenticator, passkey: false };
    const step = nextStep({ ...state, level }, without);
    if (step === 'done') return { step, proofs: without };
    const proofs = { authenticator, passkey: (await accounts.bestAcr(state.account.id)) === '3' };
    return { step: nextStep({ ...state, level }, proofs), proofs };
  }

  /** Whether she has just proved all that she can: only then may something be added to it. */
  const isFresh = (state: ProvenSignIn) => clock.seconds() - state.signedInAt <= STEP_LIFE;

  const requestOptions = async ({ uid }: Visit, account: Account) =>
    JSON.stringify(await passkeys.requestOptions(uid, account.id));

  async function show(
    visit: SignInVisit,
    problem: Parameters<StepPages['code']>[2]['problem'] = 'none',
    retryAfter = 0,
  ): Promise<void> {
    const state = await stateOf(visit);
    if (state === undefined) return pages.signIn(visit);
    const { account } = state;
    const { step, proofs } = await nextOf(visit, state);
    // Nothing is missing any more since the page was asked for: the password settles it.
    if (step === 'done') return pages.signIn(visit);
    if (step === 'no-passkey') {
      const options = isFresh(state)
        ? JSON.stringify(await passkeys.creationOptions(account, visit.uid))
        : '';
      return pages.noPasskey(visit, account, { options, problem });
    }
    const options = proofs.passkey ? await requestOptions(visit, account) : '';
    if (step === 'passkey') return pages.passkey(visit, account, { options, problem });
    return pages.code(visit, account, { options, problem, retryAfter });
  }

  async function finish(visit: SignInVisit, { account, ...how }: ProvenSignIn): Promise<void> {
    const { ctx, at, uid } = visit;
    const next = await interactions.signIn(at, account, sourceOf(ctx), how);
    if ('location' in next) stepCookie.clear(ctx, uid);
    answerWith(visit, next);
  }

  async function proved(visit: SignInVisit, proof: ProvenSignIn): Promise<void> {
    const { ctx, uid } = visit;
    const { step } = await nextOf(visit, proof);
    if (step === 'done') return finish(visit, proof);
    const { account, acr, amr, signedInAt } = proof;
    stepCookie.set(ctx, uid, {
      accountId: account.id,
      acr,
      amr,
      signedInAt,
      proofVersion: proofVersionOf(account),
    });
    answerWith(visit, { location: `/interaction/${uid}` });
  }

  /** @param account whose it must be; undefined: whoever's it is */
  async function takePasskey(visit: SignInVisit, form: Form, account: Account | undefined): Promise<boolean> {
    const { ctx, uid } = visit;
    const answer = { page: uid, response: form.one('response'), accountId: account?.id };
    const signedIn = await passkeys.verify(answer);
    if (signedIn === undefined) {
      onRefused(sourceOf(ctx), 'sign_in_refused');
      return false;
    }
    await newBrowser.other(ctx, signedIn.account);
    const proof = { account: signedIn.account, acr: '3', amr: signedIn.methods, signedInAt: clock.seconds() };
    await finish(visit, proof);
    return true;
  }

  return {
    open: (visit) => show(visit),
    proved,
    async code(visit, form) {
      const { ctx } = visit;
      const state = await stateOf(visit);
      if (state === undefined || (await nextOf(visit, state)).step !== 'code') return show(visit);
      const typed = form.one('code');
      if (typed.trim() === '') return show(visit, 'missing');
      const [source, { id: accountId }] = [sourceOf(ctx), state.account];
      const leave = await guard.attemptCode({ accountId, source });
      if ('retryAfter' in leave) {
        onRefused(source, 'sign_in_limited');
        ctx.status = 429;
        return show(visit, 'limited', leave.retryAfter);
      }
      const right =
        (await authenticators.verify(accountId, typed)) || (await recoveryCodes.use(accountId, typed));
      if (!right) {
        await leave.failed();
        onRefused(source, 'sign_in_refused');
        return show(visit, 'wrong');
      }
      await leave.succeeded();
      const amr = [...new Set([...state.amr, ...methods.code])];
      await proved(visit, { ...state, acr: acrWithCode(state.acr), amr });
    },
    async passkey(visit, form) {
      if (!(await takePasskey(visit, form, undefined))) await pages.signIn(visit, 'passkey');
    },
    async ownPasskey(visit, form) {
      const state = await stateOf(visit);
      if (state === undefined) return show(visit);
      if (!(await takePasskey(visit, form, state.account))) await show(visit, 'passkey');
    },
    async newPasskey(visit, form) {
      const state = await stateOf(visit);
      if (state === undefined || !isFresh(state)) return show(visit);
      if ((await nextOf(visit, state)).step !== 'no-passkey') return show(visit);
      const offer = { page: visit.uid, response: form.one('response'), name: form.one('name') };
      const fault = await passkeys.add(state.account, offer);
      if (fault !== undefined) return show(visit, fault === 'name' ? 'name' : 'passkey');
      answerWith(visit, { location: `/interaction/${visit.uid}` });
    },
    async restart(visit) {
      const { ctx, at, uid, question } = visit;
      stepCookie.clear(ctx, uid);
      const next = question.present && (await interactions.switchAccount(at));
      answerWith(visit, next ?? { location: `/interaction/${uid}` });
    },
  };
}
