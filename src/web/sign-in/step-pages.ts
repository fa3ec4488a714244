import type { Account } from '../../accounts/index.ts';
import type { Forms } from '../forms.ts';
import type { Render } from '../renderers.ts';
import { allowFormsTo, allowScripts } from '../security-headers.ts';
import { closing } from './closing.ts';
import type { StepModel } from './models.ts';
import { asClient, type Visit } from './question-pages.ts';

/** What a page of a step is shown with. */
interface Shown {
  /** What the browser needs for the passkey that may be used or made here, in JSON; `''` where there is none. */
  readonly options: string;
  readonly problem: StepModel['problem'];
  /** Seconds to wait, where there is a wait. */
  readonly retryAfter?: number;
}

/** The pages after the password. */
export interface StepPages {
  /** The first page again. */
  signIn(visit: Visit, problem?: 'passkey'): Promise<void>;
  code(visit: Visit, account: Account, shown: Shown): void;
  passkey(visit: Visit, account: Account, shown: Shown): void;
  noPasskey(visit: Visit, account: Account, shown: Shown): void;
}

/** Makes the pages. @param signIn the first page */
export function createStepPages(options: {
  forms: Forms;
  render: Render;
  signIn: StepPages['signIn'];
}): StepPages {
  const { forms, render, signIn } = options;

  const show =
    (template: string, step: string) =>
    (visit: Visit, account: Account, { options: passkey, problem, retryAfter = 0 }: Shown) => {
      const { ctx, uid, question } = visit;
      const at = `/interaction/${uid}`;
      const model: StepModel = {
        action: `${at}/${step}`,
        passkeyAction: `${at}/own-passkey`,
        restartAction: `${at}/restart`,
        cancelAction: `${at}/cancel`,
        csrf: forms.token(uid),
        client: asClient(question),
        account: { name: account.name },
        options: passkey,
        problem,
        minutes: Math.ceil(retryAfter / 60),
      };
      if (retryAfter > 0) ctx.set('Retry-After', String(retryAfter));
      allowFormsTo(ctx, question.formTargets);
      allowScripts(ctx);
      render(ctx, template, { ...model, closing: closing(uid, question.closes, model.csrf) });
    };

  return {
    signIn,
    code: show('sign-in/code.njk', 'code'),
    passkey: show('sign-in/passkey.njk', 'own-passkey'),
    noPasskey: show('sign-in/no-passkey.njk', 'new-passkey'),
  };
}
