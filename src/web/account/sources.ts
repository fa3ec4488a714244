import type { Clock } from '../../clock.ts';
import { type Arrivals, anewFrom, type Links, type Upstream } from '../../upstream/index.ts';
import { createSourcePages, type SourcePages } from '../sign-in/source-pages.ts';
import {
  type AccountFront,
  type AccountFrontOptions,
  type AccountVisit,
  sensitive,
} from './account-routes.ts';
import type { SourcesModel } from './sources-models.ts';

/** What the page about identity sources needs of the rest. */
export interface SourcesOptions {
  readonly issuer: string;
  readonly clock: Clock;
  readonly render: AccountFrontOptions['render'];
  readonly showFault: AccountFrontOptions['showFault'];
  readonly elsewhere: {
    readonly upstream: Upstream;
    readonly arrivals: Arrivals;
    readonly links: Links;
  };
}

const PAGE = '/account/security/sources';
const ARRIVAL = `${PAGE}/arrival`;
const aboutOf = ({ person }: AccountVisit) => `account ${person.account.id}`;

/** Shows where else somebody can sign in, and lets her add and remove such ways. */
export function addSources(front: AccountFront, options: SourcesOptions): void {
  const { upstream, arrivals, links } = options.elsewhere;
  const pages: SourcePages = createSourcePages(options);

  async function show(visit: AccountVisit, problem: SourcesModel['problem']): Promise<void> {
    const linked = await links.of(visit.person.account.id);
    const offered = await upstream.offered();
    const nameOf = (issuer: string) => offered.find((one) => one.issuer === issuer)?.name;
    const model: SourcesModel = {
      linked: linked.map(({ issuer, linkedAt, lastUsedAt }) => {
        return { issuer, name: nameOf(issuer) ?? new URL(issuer).host, linkedAt, lastUsedAt };
      }),
      others: offered.filter(({ issuer }) => !linked.some((one) => one.issuer === issuer)),
      problem,
    };
    front.show(visit, 'account/sources.njk', model);
  }

  async function link(visit: AccountVisit, source: string): Promise<void> {
    const { ctx } = visit;
    // Whoever is signed in there may be somebody else, on a computer that several use: her identity would lead to this account.
    const fresh = anewFrom(options.clock.seconds());
    const next = await upstream.begin(source, { page: ARRIVAL, back: PAGE, about: aboutOf(visit), fresh });
    if (next === undefined) return front.missing(visit);
    if ('kind' in next) return pages.problem(ctx, next);
    pages.give(ctx, next.cookie);
    pages.go(ctx, next);
  }

  front.get('/security/sources', (visit) => show(visit, 'none'), sensitive);
  front.post(
    '/security/sources',
    async (visit, form) => {
      const [issuer, source] = [form.one('remove'), form.one('add')];
      if (issuer === '') return link(visit, source);
      if (await links.remove(visit.person.account.id, issuer))
        return front.done(visit, PAGE, 'source-removed');
      await show(visit, 'last-way');
    },
    sensitive,
  );
  // The form that began it was for somebody who had just signed in, and whoever comes here has been away since.
  front.get('/security/sources/arrival', async (visit) => {
    const { ctx, person } = visit;
    const name = upstream.handOverCookie;
    const arrival = await upstream.accept(ctx.cookies.get(name) ?? '', aboutOf(visit));
    pages.takeAway(ctx, { name, path: ARRIVAL });
    if (arrival === undefined) return options.showFault(ctx, { kind: 'expired', place: 'account' });
    const settled = await arrivals.link(arrival, person.account);
    if (settled === undefined) return options.showFault(ctx, { kind: 'expired', place: 'account' });
    if (!('kind' in settled)) return front.done(visit, PAGE, 'source-added');
    pages.problem(ctx, { ...settled, name: arrival.source.settings.name, back: PAGE });
  });
}
