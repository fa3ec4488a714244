import type { TestServer } from '../../support/server.ts';
import { createVisitor, formTo, type Page, type Visitor } from '../../support/visitor.ts';

/** The text of a page, without its mark-up. */
export const textOf = ({ html }: Page): string =>
  html
    .replaceAll(/<(style|script)[\s\S]*?<\/\1>/g, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');

/** The main heading of a page. */
export const headingOf = ({ html }: Page): string =>
  /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(html)?.[1]?.trim() ?? '';

/** Fills in the form of a page that goes to an address ending like this. */
export function send(
  visitor: Visitor,
  page: Page,
  ending: string,
  fields: Readonly<Record<string, string>>,
): Promise<Page> {
  const form = formTo(page, ending);
  const kept = form.fields.filter(([name]) => !Object.hasOwn(fields, name));
  return visitor.post(form.action, [...kept, ...Object.entries(fields)]);
}

/** Opens a page without cookies, and fills in its form. */
export async function openAndSend(
  { issuer }: Pick<TestServer, 'issuer'>,
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<Page> {
  const visitor = createVisitor(issuer);
  return send(visitor, await visitor.get(path), path, fields);
}
