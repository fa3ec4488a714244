import type { TestServer } from '../../support/server.ts';
import { createVisitor, type Page, signIn, type Visitor } from '../../support/visitor.ts';

/** Somebody in her browser, who has come to an account page by way of signing in. */
export interface AtAccount {
  readonly visitor: Visitor;
  readonly page: Page;
}

/** Opens an address below `/account`, signing in where that is asked. */
export async function openAccount(
  server: Pick<TestServer, 'issuer'>,
  options: { path?: string; visitor?: Visitor; identifier?: string } = {},
): Promise<AtAccount> {
  const { path = '/account', visitor = createVisitor(server.issuer), identifier } = options;
  let page = await visitor.follow(await visitor.get(path));
  if (page.html.includes('/sign-in"'))
    page = await signIn(visitor, page, identifier === undefined ? {} : { identifier });
  return { visitor, page };
}
