import { Router } from '@koa/router';
import type Koa from 'koa';
import type { People } from '../../accounts/index.ts';
import type { JoiningFront } from './front.ts';
import { addJoin } from './join.ts';
import { addReset, type ResetOptions } from './reset.ts';

/** What the pages need on which nobody has to be signed in. */
export interface JoiningOptions extends JoiningFront, Omit<ResetOptions, 'people'> {
  readonly people: Pick<People, 'invitations' | 'resets'>;
}

/** The pages on which people take up an invitation, or choose a new password with a link that was mailed to them. */
export function createJoining(options: JoiningOptions): Koa.Middleware {
  const router = new Router();
  addJoin(router, options, options.people);
  addReset(router, options, options);
  return router.routes() as Koa.Middleware;
}
