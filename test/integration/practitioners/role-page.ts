import { expect } from 'vitest';
import { wardChange } from '../../support/practitioner.ts';
import type { TestServer } from '../../support/server.ts';
import { formTo, type Page, type Visitor } from '../../support/visitor.ts';
import { type Begun, begin, beginSignedIn, visit } from '../pages/steps.ts';

export const priya = { identifier: 'priya@example.test' };
export const rangi = { identifier: 'rangi@example.test' };

/** Ids of Dr Shah's roles at Fernhill. */
export const clinicalId = 'priya-fernhill-clinical';
export const professionalId = 'priya-fernhill-professional';

/** Begins as `ward-app` and signs Dr Shah in: up to the page that asks for her role. She is asked for consent afterwards. */
export async function beginAtRole(
  server: TestServer,
  change: Readonly<Record<string, string | undefined>> = {},
): Promise<Begun> {
  const begun = await beginSignedIn(server, {
    change: { ...wardChange, prompt: 'consent', ...change },
    ...priya,
  });
  expectRolePage(begun.page);
  return begun;
}

/** A browser in which Dr Shah has signed in at the ward, and has not answered yet. */
export async function shahVisitor(server: TestServer): Promise<Visitor> {
  return (await beginAtRole(server)).visitor;
}

/** Sends a browser with a request of `ward-app`, as far as it goes by itself. */
export const beginWard = (
  server: TestServer,
  visitor: Visitor = visit(server),
  change: Readonly<Record<string, string | undefined>> = {},
): Promise<Begun> => begin(server, { visitor, change: { ...wardChange, ...change } });

/** Sends the form of the role page with other fields than a person would, and does not follow the answer. */
export function sendRole(
  visitor: Visitor,
  page: Page,
  fields: readonly (readonly [string, string])[],
): Promise<Page> {
  const form = formTo(page, '/role');
  return visitor.post(form.action, [...form.fields, ...fields]);
}

/** What a page calls itself. */
const titleOf = ({ html }: Page) => /<title>([^<]*)/.exec(html)?.[1]?.trim();

/** The page asks who it is. */
export function expectSignInPage(page: Page): void {
  expect(page).toMatchObject({ status: 200, location: undefined });
  expect(titleOf(page)).toBe('Sign in – Assent');
}

/** The page asks for the role. */
export function expectRolePage(page: Page): void {
  expect(page).toMatchObject({ status: 200, location: undefined });
  expect(titleOf(page)).toMatch(/^(Error: )?Which role are you working in\? – Assent$/);
}

/** The page asks for consent. */
export function expectConsentPage(page: Page): void {
  expect(page).toMatchObject({ status: 200, location: undefined });
  expect(titleOf(page)).toMatch(/^Do you want to /);
}

/** The page says that it is over. */
export function expectOver(page: Page): void {
  expect(page).toMatchObject({ status: 400, location: undefined });
  expect(titleOf(page)).toMatch(/^This page is no longer valid/);
}

/** The page says that the form was not the one that was shown. */
export function expectChanged(page: Page): void {
  expect(page).toMatchObject({ status: 403, location: undefined });
  expect(titleOf(page)).toMatch(/^We could not accept that form/);
}
