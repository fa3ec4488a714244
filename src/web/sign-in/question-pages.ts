import type Koa from 'koa';
import type { Passkeys } from '../../accounts/index.ts';
import { accountClientId, clientName } from '../../clients/index.ts';
import type { HttpExchange, Question } from '../../oidc/index.ts';
import type { Upstream } from '../../upstream/index.ts';
import type { Forms } from '../forms.ts';
import type { ClientModel } from '../models.ts';
import type { Render } from '../renderers.ts';
import { allowFormsTo, allowScripts } from '../security-headers.ts';
import { closing } from './closing.ts';
import type { ConsentModel, NoRecordModel, RoleModel, SignInModel } from './models.ts';

/** One request to a question's address. */
export interface Visit {
  readonly ctx: Koa.Context;
  readonly at: HttpExchange;
  readonly uid: string;
  readonly question: Question;
}

/** The client of a question as its page shows it. */
export const asClient = ({ client }: Question): ClientModel => ({
  name: clientName(client),
  organization: client.organization?.name ?? '',
});

/** Shows the questions of an interaction, with what is wrong with the answer that was sent. */
export interface QuestionPages {
  /** Whichever question is open but signing in, as it is shown first. */
  open(visit: Visit): void;
  /** @param identifier what the person typed before @param retryAfter seconds to wait, where there is a wait */
  signIn(
    visit: Visit,
    identifier: string,
    problem: SignInModel['problem'],
    retryAfter?: number,
  ): Promise<void>;
  role(visit: Visit, question: Question & { kind: 'role' }, problem: RoleModel['problem']): void;
  /** @param answer `ticked`: the scopes of the lines that were left ticked */
  consent(
    visit: Visit,
    question: Question & { kind: 'consent' },
    answer: { ticked?: readonly string[]; problem: ConsentModel['problem'] },
  ): void;
}

/**
 * Makes the pages of questions.
 *
 * @param offered identity sources at which somebody may sign in instead
 * @param formatDay a day as people write it in the language of the page
 */
export function createQuestionPages(options: {
  forms: Forms;
  render: Render;
  passkeys: Pick<Passkeys, 'requestOptions'>;
  formatDay: (ctx: Koa.Context, at: Date) => string;
  offered: Upstream['offered'];
}): QuestionPages {
  const { forms, render, passkeys, formatDay, offered } = options;

  function show({ ctx, uid, question }: Visit, template: string, model: object): void {
    allowFormsTo(ctx, question.formTargets);
    allowScripts(ctx);
    render(ctx, template, { ...model, closing: closing(uid, question.closes, forms.token(uid)) });
  }

  async function signIn(
    visit: Visit,
    identifier: string,
    problem: SignInModel['problem'],
    retryAfter = 0,
  ): Promise<void> {
    const { uid, question } = visit;
    const options = await passkeys.requestOptions(uid, undefined);
    const model: SignInModel = {
      action: `/interaction/${uid}/sign-in`,
      cancelAction: `/interaction/${uid}/cancel`,
      sources: await offered(),
      sourceAction: `/interaction/${uid}/source`,
      csrf: forms.token(uid),
      client: asClient(question),
      record: question.kind === 'sign-in' && question.record,
      own: question.client.clientId === accountClientId,
      identifier,
      problem,
      minutes: Math.ceil(retryAfter / 60),
      passkeyAction: `/interaction/${uid}/passkey`,
      options: JSON.stringify(options),
    };
    if (retryAfter > 0) visit.ctx.set('Retry-After', String(retryAfter));
    show(visit, 'sign-in/sign-in.njk', model);
  }

  function role(visit: Visit, question: Question & { kind: 'role' }, problem: RoleModel['problem']): void {
    const { uid } = visit;
    const { account, organization, roles } = question;
    const model: RoleModel = {
      action: `/interaction/${uid}/role`,
      cancelAction: `/interaction/${uid}/cancel`,
      csrf: forms.token(uid),
      client: asClient(question),
      account: { name: account.name },
      organization,
      roles: roles.map(({ id, name, roleProfile = '' }) => ({ id, name, roleProfile })),
      problem,
    };
    show(visit, 'sign-in/role.njk', model);
  }

  function consent(
    visit: Visit,
    question: Question & { kind: 'consent' },
    { ticked, problem }: { ticked?: readonly string[]; problem: ConsentModel['problem'] },
  ): void {
    const { uid } = visit;
    const { account, role: chosen, reason, record, offline, until, lines, site, held } = question;
    const required = lines.filter((line) => line.required);
    const optional = lines.filter((line) => !line.required);
    const choices = (some: typeof lines) =>
      some.map(({ scope, words, kinds, checked }) => ({
        ...{ scope, words, kinds },
        checked: ticked?.includes(scope) ?? checked,
      }));
    const reading = optional.filter((line) => !line.writes);
    const model: ConsentModel = {
      action: `/interaction/${uid}/consent`,
      csrf: forms.token(uid),
      client: { ...asClient(question), site },
      account: { name: account.name },
      role: chosen ?? null,
      reason: reason ?? '',
      patient: record === 'own' ? { name: account.name, isAccount: true } : null,
      records: record === 'others',
      until: formatDay(visit.ctx, until),
      offline,
      required: required.map(({ scope, words, kinds }) => ({ scope, words, kinds })),
      // What it wants of the record comes before what else it would like.
      optional: choices([...reading.filter((line) => line.part), ...reading.filter((line) => !line.part)]),
      writing: choices(optional.filter((line) => line.writes)),
      held: held === undefined ? null : { allowed: held.allowed, refused: held.refused },
      problem,
    };
    show(visit, 'sign-in/consent.njk', model);
  }

  function open(visit: Visit): void {
    const { uid, question } = visit;
    if (question.kind === 'role') role(visit, question, 'none');
    else if (question.kind === 'consent') consent(visit, question, { problem: 'none' });
    else {
      const model: NoRecordModel = {
        action: `/interaction/${uid}/consent`,
        csrf: forms.token(uid),
        client: asClient(question),
      };
      show(visit, 'sign-in/no-record.njk', model);
    }
  }

  return { open, signIn, role, consent };
}
