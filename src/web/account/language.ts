import type { Context } from 'koa';
import type { OwnAccount } from '../../accounts/index.ts';
import type { Languages } from '../languages.ts';
import type { AccountFront } from './account-routes.ts';

/** What the page about languages needs. */
export interface LanguagePageOptions {
  readonly languages: Pick<Languages, 'tags' | 'keep'>;
  readonly languageOf: (ctx: Context) => string;
  readonly ownAccount: Pick<OwnAccount, 'speak'>;
}

/** What a language is called by those who speak it. */
function ownName(tag: string): string {
  return new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag;
}

/** The page on which a person chooses her language, for this browser and for what is written to her. */
export function addLanguage(front: AccountFront, options: LanguagePageOptions): void {
  const { languages, languageOf, ownAccount } = options;

  front.get('/language', (visit) => {
    const present = languageOf(visit.ctx);
    front.show(visit, 'account/language.njk', {
      action: '/account/language',
      languages: languages.tags.map((tag) => ({ tag, name: ownName(tag), chosen: tag === present })),
    });
  });

  front.post('/language', async (visit, form) => {
    const tag = form.one('language');
    if (!languages.tags.includes(tag)) return front.done(visit, '/account/language');
    await ownAccount.speak(visit.person.account.id, tag);
    languages.keep(visit.ctx, tag);
    front.done(visit, '/account/language', 'language-chosen');
  });
}
