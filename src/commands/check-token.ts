import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import {
  type CompactVerifyGetKey,
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JSONWebKeySet,
} from 'jose';
import { systemClock } from '../clock.ts';
import { Refused } from '../errors.ts';
import {
  type Answer,
  createValidator,
  type Interaction,
  interactions,
  interactions0,
  type Profile,
  type ResourceRequest,
} from '../validator/index.ts';
import { discover, fetchKeys, safeJson } from './issuer.ts';
import { configuration, print } from './run.ts';

/** What `assent check-token` was told. */
export interface CheckTokenOptions {
  readonly profile: Profile;
  readonly issuer?: string;
  readonly aud?: string;
  readonly interaction?: string;
  readonly registeredPractice?: string;
  readonly jwks?: string;
  readonly legacy?: boolean;
}

const refused = (fault: string) => new Refused('No token was checked:', [fault]);

/** What a file holds, or standard input. */
async function readFileOrInput(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : readFileSync(file, 'utf8');
  } catch {
    throw refused(file === '-' ? 'standard input cannot be read' : `the file ${file} cannot be read`);
  }
}

/** The one token in a file, without what may stand before it in a header. */
async function readToken(file: string): Promise<string> {
  const content = await readFileOrInput(file);
  const words = content
    .trim()
    .replace(/^(?:authorization:\s*)?(?:bearer|dpop)(?:\s+|$)/i, '')
    .split(/\s+/);
  const where = file === '-' ? 'standard input' : file;
  if (words.length > 1) throw refused(`${where} holds more than one token`);
  const [token = ''] = words;
  if (!/^[!-~]+$/.test(token) || !token.includes('.')) throw refused(`${where} holds no token`);
  return token;
}

/** The header of a token; empty if it cannot be read, which is left to the validator. */
function headerOf(token: string): { alg?: unknown } {
  try {
    return decodeProtectedHeader(token);
  } catch {
    return {};
  }
}

/** Whether keys are needed to check a token. */
const isSigned = (alg: unknown): boolean => alg !== undefined && alg !== 'none';

/** What a token says of itself, for a check that is not told what is right. */
function saidBy(token: string): { aud: readonly string[]; jkt: string | undefined } {
  try {
    const { aud, cnf } = decodeJwt<{ cnf?: { jkt?: unknown } }>(token);
    const jkt = cnf?.jkt;
    return { aud: typeof aud === 'string' ? [aud] : [], jkt: typeof jkt === 'string' ? jkt : undefined };
  } catch {
    return { aud: [], jkt: undefined };
  }
}

/** The keys of a file, of a URL, or those that the issuer's discovery document names (RFC 8414). */
async function loadKeys(issuer: string, source: string | undefined): Promise<CompactVerifyGetKey> {
  if (source !== undefined && existsSync(source)) {
    try {
      return createLocalJWKSet(JSON.parse(readFileSync(source, 'utf8')) as JSONWebKeySet);
    } catch {
      throw refused(`the file ${source} is no JWK Set`);
    }
  }
  if (source !== undefined && !URL.canParse(source)) throw refused(`${source} is neither a file nor a URL`);
  return fetchKeys(source ?? (await discover(issuer, 'jwks_uri')).jwks_uri);
}

const tables: Partial<Record<Profile, readonly Interaction[]>> = {
  'gp-connect': interactions,
  'gp-connect-0': interactions0,
};

/** A request as the interaction has it, with the headers of the proxy; without one, a request of which nothing is known. */
function requestFor(token: string, options: CheckTokenOptions): ResourceRequest {
  const { jkt } = saidBy(token);
  // Nobody hands a proof over here, so a bound token is taken as if it had come with the right one, and the report says so.
  const authorization = { authorization: `${jkt === undefined ? 'Bearer' : 'DPoP'} ${token}` };
  const { interaction: id, registeredPractice } = options;
  const facts = {
    ...(jkt === undefined ? {} : { proofKey: jkt }),
    ...(registeredPractice === undefined ? {} : { registeredPractice }),
  };
  if (id === undefined) return { headers: authorization, ...facts };
  const table = tables[options.profile];
  if (table === undefined)
    throw refused(`--interaction is for the profiles ${Object.keys(tables).join(' and ')}`);
  const found = table.find((one) => one.id === id || one.id.endsWith(`:gpconnect:${id}`));
  if (found === undefined) throw refused(`${id} is no interaction of this profile`);
  const { method, path } = found;
  return {
    method,
    path: path.replace('{id}', '1'),
    headers: { ...authorization, 'Ssp-InteractionID': found.id },
    ...facts,
  };
}

const notProved = [
  '*** NOT PROVED ***  This token is unsigned: anyone can have written it, and nothing in it can be relied on.',
  '*** NOT PROVED ***  No endpoint of Assent takes such a token.',
];

/** Options that would say nothing with a profile: better no check than one that seems to have been made. */
function uselessFault({ profile, aud, registeredPractice }: CheckTokenOptions): string | undefined {
  if (aud !== undefined && profile === 'gp-connect-0')
    return '--aud is not for the profile gp-connect-0: all its tokens have the same audience';
  return registeredPractice !== undefined && profile !== 'gp-connect'
    ? '--registered-practice is for the profile gp-connect'
    : undefined;
}

/** What was not compared although the token, or whoever asked, may lead to think so. */
function uncompared(answer: Answer, options: CheckTokenOptions): Record<string, string> {
  const isFixed = options.profile === 'gp-connect-0';
  const isBound = answer.verdict === 'accepted' && answer.boundTo !== undefined;
  return {
    ...(options.aud === undefined && !isFixed
      ? { audience: 'The audience was not compared with anything: give --aud.' }
      : {}),
    ...(isBound
      ? {
          binding:
            'The token is bound to a key. Whether it comes with a proof of that key cannot be checked here.',
        }
      : {}),
    ...(options.registeredPractice !== undefined && !answer.passed.includes('relationship')
      ? { relationship: 'The registered practice was not compared with anything: this is no migration.' }
      : {}),
  };
}

function report(answer: Exclude<Answer, { verdict: 'refused' }>, options: CheckTokenOptions): void {
  const mark = answer.verdict === 'read' ? notProved : [];
  const open = uncompared(answer, options);
  const passed = answer.passed.filter((name) => !Object.hasOwn(open, name));
  print(...mark, safeJson(answer.claims), `Passed: ${passed.join(', ')}.`, ...Object.values(open), ...mark);
}

/**
 * `assent check-token`: checks a token as a resource server would, and prints its claims, or the OperationOutcome with
 * exit code 1. Needs no database. An unsigned token is only read with `--legacy`, and marked.
 *
 * @throws Refused when token or keys cannot be read
 */
export async function checkToken(file: string, options: CheckTokenOptions): Promise<void> {
  const useless = uselessFault(options);
  if (useless !== undefined) throw refused(useless);
  const token = await readToken(file);
  const request = requestFor(token, options);
  const issuer = options.issuer ?? configuration().issuer;
  const { alg } = headerOf(token);
  const validator = createValidator({
    profile: options.profile,
    issuer,
    keys: isSigned(alg) ? await loadKeys(issuer, options.jwks) : createLocalJWKSet({ keys: [] }),
    clock: systemClock,
    audiences: options.aud === undefined ? saidBy(token).aud : [options.aud],
    asids: [],
    via: 'none',
    legacy: options.legacy ? 'read' : 'refuse',
  });
  const answer = await validator.check(request);
  if (answer.verdict !== 'refused') return report(answer, options);
  print(safeJson(answer.outcome));
  process.stderr.write(`The token was refused (HTTP ${answer.status}).\n`);
  if (alg === 'none' && !options.legacy)
    process.stderr.write(
      'It is unsigned. With --legacy it would be read all the same, and marked as not proved.\n',
    );
  process.exitCode = 1;
}
