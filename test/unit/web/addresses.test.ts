import type { Router } from '@koa/router';
import type Koa from 'koa';
import { expect, test } from 'vitest';
import { answererOf, endpointOf, groupOf } from '../../../src/addresses/index.ts';
import { createSignIn, type SignInDependencies } from '../../../src/web/sign-in/routes.ts';

test('every route of the pages for signing in is the site’s, under the limit for pages and with a name', () => {
  const signIn = createSignIn({ credentials: {} } as SignInDependencies) as Koa.Middleware & {
    readonly router: Router;
  };
  const paths = signIn.router.stack.map(({ path }) => String(path).replace(':uid', 'Zk3n'));
  expect(paths.length).toBeGreaterThanOrEqual(5);
  for (const path of paths)
    expect([path, answererOf(path), groupOf(path), endpointOf(path)]).toEqual([
      path,
      'site',
      'pages',
      '/interaction/:uid',
    ]);
});
