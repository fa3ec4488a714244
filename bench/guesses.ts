import { createHash, randomBytes } from 'node:crypto';
import { request } from 'undici';

/** Wrong passwords a second, as the issue of a login flood is stated (F-16). */
export const GUESSES_PER_SECOND = 50;

/** Somebody who tries passwords, at a steady pace, until told to stop. */
export interface Guesses {
  /** Stops, and tells how many answers there were of each status. */
  stop(): Promise<Readonly<Record<string, number>>>;
}

/** A sign-in page that was opened: where its form goes, and what has to come with it. */
interface OpenPage {
  readonly action: string;
  readonly csrf: string;
  readonly cookie: string;
}

const cookiesOf = (headers: Record<string, string | string[] | undefined>) =>
  [headers['set-cookie'] ?? []].flat().map((line) => line.split(';', 1)[0] ?? '');

async function openPage(issuer: string): Promise<OpenPage> {
  const challenge = createHash('sha256').update(randomBytes(32)).digest('base64url');
  const query = new URLSearchParams({
    client_id: 'kete-web',
    response_type: 'code',
    redirect_uri: 'http://127.0.0.1:8090/cb',
    scope: 'openid launch/patient patient/*.rs',
    aud: `${issuer}/demo/fhir/r4`,
    state: 'guesses',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  const begun = await request(`${issuer}/auth?${query}`);
  await begun.body.dump();
  const location = String(begun.headers.location);
  const cookie = cookiesOf(begun.headers).join('; ');
  const page = await request(new URL(location, issuer), { headers: { cookie } });
  const csrf = (await page.body.text()).match(/name="csrf" value="([^"]+)"/)?.[1];
  if (csrf === undefined) throw new Error(`no sign-in page: ${page.statusCode}`);
  return { action: new URL(`${location}/sign-in`, issuer).href, csrf, cookie };
}

/** Begins to try passwords of people whom nobody knows: each name is a new one, so that no account's own limit helps. */
export async function startGuessing(issuer: string): Promise<Guesses> {
  const { action, csrf, cookie } = await openPage(issuer);
  const statuses: Record<string, number> = {};
  const underWay = new Set<Promise<void>>();
  const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded' };

  async function guess(): Promise<void> {
    const identifier = `${randomBytes(8).toString('hex')}@example.test`;
    const body = new URLSearchParams({ csrf, identifier, password: 'not the password' }).toString();
    const { statusCode, body: answer } = await request(action, { method: 'POST', headers, body });
    await answer.dump();
    statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
  }

  const timer = setInterval(() => {
    const sent: Promise<void> = guess()
      .catch(() => {
        statuses.failed = (statuses.failed ?? 0) + 1;
      })
      .finally(() => underWay.delete(sent));
    underWay.add(sent);
  }, 1000 / GUESSES_PER_SECOND);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      return statuses;
    },
  };
}
