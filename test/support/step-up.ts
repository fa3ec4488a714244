import { codeOf, forgetCodes } from './code.ts';
import { createPasskey, type SoftwarePasskey } from './passkey.ts';
import { formTo, type Page, type Visitor } from './visitor.ts';

/** Steps that one sign-in can have: more than there are, for people who sign in at once with one code. */
const MOST_STEPS = 12;

/** What was made on pages that ask for a passkey, by its id. */
const passkeys = new Map<string, SoftwarePasskey>();

/** What a page tells the browser about the passkey that it asks for. */
export function passkeyOptions(page: Page, ceremony: 'create' | 'get'): PasskeyOptions {
  const pattern = new RegExp(`data-passkey="${ceremony}" data-options="([^"]*)"`);
  const text = pattern.exec(page.html)?.[1]?.replaceAll('&quot;', '"').replaceAll('&amp;', '&');
  if (text === undefined) throw new Error(`no passkey is asked for at ${page.url}:\n${page.html}`);
  return JSON.parse(text) as PasskeyOptions;
}

/** What is used here of the options of both ceremonies. */
interface PasskeyOptions {
  readonly challenge: string;
  readonly user: { readonly id: string };
  readonly allowCredentials?: readonly { readonly id: string }[];
}

/** Answers the form of a page that asks for a passkey, and goes on to where that leads. */
export async function sendPasskey(
  visitor: Visitor,
  page: Page,
  ending: '/passkey' | '/own-passkey' | '/new-passkey',
  response: object,
): Promise<Page> {
  const form = formTo(page, ending);
  const fields = form.fields.filter(([name]) => name === 'csrf');
  const more = [
    ['response', JSON.stringify(response)],
    ['name', 'Phone'],
  ] as const;
  return visitor.follow(await visitor.post(form.action, [...fields, ...more]));
}

/** Sets a passkey up on the page that says that one is needed. */
export async function setUpPasskey(
  visitor: Visitor,
  page: Page,
): Promise<{ page: Page; passkey: SoftwarePasskey }> {
  const passkey = createPasskey({ issuer: visitor.issuer, synced: true });
  const response = passkey.create(passkeyOptions(page, 'create'));
  const next = await sendPasskey(visitor, page, '/new-passkey', response);
  passkeys.set(passkey.id, passkey);
  return { page: next, passkey };
}

/** Types the code that the app of a demo account shows, and goes on to where that leads. */
export async function typeCode(visitor: Visitor, page: Page): Promise<Page> {
  const form = formTo(page, '/code');
  await forgetCodes(visitor.issuer);
  return visitor.follow(await visitor.post(form.action, [...form.fields, ['code', codeOf()]]));
}

/** Proves whatever is asked for after the password: with a code, or a passkey, which is set up where there is none. */
export async function prove(visitor: Visitor, page: Page): Promise<Page> {
  let here = page;
  for (let steps = 0; steps < MOST_STEPS; steps += 1) {
    if (here.html.includes('/code"')) here = await typeCode(visitor, here);
    else if (here.html.includes('/new-passkey"')) here = (await setUpPasskey(visitor, here)).page;
    else if (/\/own-passkey"[^>]*data-passkey/.test(here.html)) {
      const options = passkeyOptions(here, 'get');
      const passkey = options.allowCredentials?.map(({ id }) => passkeys.get(id)).find(Boolean);
      if (passkey === undefined) throw new Error('the passkey of this person is not known to the test');
      here = await sendPasskey(visitor, here, '/own-passkey', passkey.get(options));
    } else break;
  }
  return here;
}
