import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire, findPackageJSON } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Result } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';

const require = createRequire(import.meta.url);

/** Why browser tests cannot run here, or `undefined` where they can: `describe.skipIf(browserUnavailable)`. */
export const browserUnavailable: string | undefined =
  process.platform === 'linux' && process.arch === 'x64'
    ? undefined
    : `the Chromium that comes with npm is for Linux x64, this is ${process.platform} ${process.arch}`;

if (browserUnavailable) console.warn(`Browser tests are skipped: ${browserUnavailable}`);

/**
 * Starts the Chromium from `@sparticuz/chromium`. Its own flags are not used: they switch off web security and site
 * isolation, which are part of what is tested. Open pages at `http://localhost:<port>`: a secure context, where WebAuthn
 * works, too.
 */
export async function launchBrowser(): Promise<Browser> {
  unpacked ??= unpack();
  const home = await unpacked;
  return chromium.launch({
    executablePath: join(home, 'chromium'),
    args: ['--no-sandbox', '--disable-gpu'],
    env: {
      ...process.env,
      LD_LIBRARY_PATH: join(home, 'al2023', 'lib'),
      FONTCONFIG_PATH: join(home, 'fonts'),
    },
  });
}

let unpacked: Promise<string> | undefined;

/**
 * Unpacks browser, libraries and fonts once per version and user. The package itself unpacks straight into the temporary
 * directory and takes a file that exists for one that is complete, so a second worker starts half a browser; here it is
 * unpacked aside and moved into place in one step.
 */
async function unpack(): Promise<string> {
  const manifest = findPackageJSON('@sparticuz/chromium', import.meta.url) ?? '';
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const home = join(tmpdir(), `assent-chromium-${version}-${userInfo().uid}`);
  if (existsSync(home)) return home;

  const aside = await mkdtemp(`${home}-`);
  const before = { ...process.env };
  process.env.TMPDIR = aside;
  process.env.AWS_EXECUTION_ENV = 'AWS_Lambda_nodejs22.x';
  try {
    const { default: packaged } = await import('@sparticuz/chromium');
    await packaged.executablePath();
  } finally {
    for (const name of ['TMPDIR', 'AWS_EXECUTION_ENV', 'LD_LIBRARY_PATH', 'FONTCONFIG_PATH']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
  // The package's own file looks for fonts in fixed places. Without any font, text has no size and no test notices.
  await writeFile(
    join(aside, 'fonts', 'fonts.conf'),
    `<fontconfig><dir>${home}/fonts/fonts</dir><cachedir>${home}/fonts/cache</cachedir></fontconfig>`,
  );
  try {
    await rename(aside, home);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (!existsSync(home)) throw error;
  }
  return home;
}

const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * Checks the page against WCAG 2.2 AA and axe's best practices. The source goes in through the debugger, which the
 * page's content security policy does not bind: the policy stays as it is.
 * @returns one line a violation, `rule: help, then the first elements`; an empty list when all is well
 */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const violations = (await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(rules)}, resultTypes: ['violations'] }).then((r) => r.violations)`,
  )) as Result[];
  return violations.map(({ id, help, nodes }) => {
    const places = nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.html}`);
    return `${id}: ${help}\n  ${places.join('\n  ')}`;
  });
}

/** What a page asked for and complained about since {@link watch}. */
export interface Watched {
  /** Addresses of requests to any other origin than the one given. */
  foreign: string[];
  /** Console errors and warnings, uncaught errors, violations of the content security policy. */
  complaints: string[];
}

/** Records requests that leave `origin`, and everything the browser complains about. Call it before `goto`. */
export function watch(page: Page, origin: string): Watched {
  const watched: Watched = { foreign: [], complaints: [] };
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.origin !== origin) watched.foreign.push(request.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') watched.complaints.push(message.text());
  });
  page.on('pageerror', (error) => watched.complaints.push(error.message));
  return watched;
}
