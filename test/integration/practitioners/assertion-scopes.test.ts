import { describe, expect, test } from 'vitest';
import { send } from '../../support/fixtures.ts';
import { adjustments, gpConnect } from '../../support/practitioner.ts';
import type { Refusal } from '../token-endpoint/refusals.ts';
import {
  type Asserter,
  about,
  asked,
  createAssertions,
  describeRefusals,
  readerId,
  registerAsserter,
} from './assertions.ts';

/** A good assertion about Dr Shah with scopes that this system may have, or not. */

const bothId = 'fernhill-both';
const transferId = 'fernhill-transfer';
const asserters = new Map<string, Asserter>();

/** One has two APIs, the other what is for record transfer alone. */
const assertions = createAssertions(async (server) => {
  const apis = {
    [bothId]: {
      'reasonable-adjustments': 'user/Flag.read system/Flag.read',
      'gp-connect': 'patient/*.read conf/N',
    },
    [transferId]: { 'gp-connect': 'patient/*.read patient/*.write organization/*.write conf/N conf/R' },
  };
  for (const [clientId, scopes] of Object.entries(apis))
    asserters.set(clientId, await registerAsserter(server, clientId, { apis: scopes }));
});
const { asking, server } = assertions;

function asserter(clientId: string): Asserter {
  const found = asserters.get(clientId);
  if (found === undefined) throw new Error(`there is no ${clientId}`);
  return found;
}

/** The same by another system; its assertion is as GP Connect has it, and as Spine Core has it. */
const by = (clientId: string, change: Readonly<Record<string, string | undefined>>) => async () => {
  const user = { requesting_user: 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000203' };
  return asked(asserter(clientId), await about(server(), asserter(clientId), user), change);
};

const refused = (error: string, deniedTo: string = readerId) => ({ status: 400, error, deniedTo }) as const;

const badScopes = [
  'patient/*.write',
  'patient/*.read conf/R',
  'conf/R',
  'organization/*.write',
  'patient/*.read patient/*.write',
  'patient/*.read organization/*.read',
  'patient/*.read organization/*.read conf/N',
  'conf/N',
  'patient/*.read conf/N conf/R',
  'openid',
  'patient/*.read openid',
  'patient/*.read offline_access',
  'patient/*.*',
  'patient/Patient.read',
  'patient/*.rs',
  'user/Flag.read',
  'system/Flag.read',
  'everything',
  'PATIENT/*.READ',
  ' ',
  'patient/*.read  conf/N',
  'patient/*.read\tconf/N',
  'patient/*.read\nconf/N',
  'pätient/*.read',
  'patient/*.read'.padEnd(4001, 'x'),
];

const refusals: readonly Refusal[] = [
  ...badScopes.map(
    (scope): Refusal => ({
      story: `scope: ${JSON.stringify(scope.slice(0, 50))}`,
      sent: asking({ scope }),
      ...refused('invalid_scope'),
    }),
  ),
  { story: 'scope: empty', sent: asking({ scope: '' }), ...refused('invalid_scope') },
  { story: 'scope: none', sent: asking({ scope: undefined }), ...refused('invalid_scope') },
  {
    story: 'scope: none, with the resource named',
    sent: asking({ scope: undefined, resource: gpConnect }),
    ...refused('invalid_scope'),
  },
  {
    story: 'scope: one of each of two APIs',
    sent: by(bothId, { scope: 'patient/*.read user/Flag.read' }),
    ...refused('invalid_scope', bothId),
  },
  {
    story: 'scope: of the other API than the resource',
    sent: by(bothId, { scope: 'user/Flag.read', resource: gpConnect }),
    ...refused('invalid_scope', bothId),
  },
  {
    story: 'scope: a system’s, at an API that has it',
    sent: by(bothId, { scope: 'system/Flag.read', resource: adjustments }),
    ...refused('invalid_scope', bothId),
  },
  {
    story: 'scope: conf/R, for a reason that is not record transfer',
    sent: by(transferId, { scope: 'patient/*.read conf/R' }),
    ...refused('invalid_grant', transferId),
  },
];

describeRefusals(assertions, refusals);

describe('what passes', () => {
  async function granted(clientId: string, change: Readonly<Record<string, string | undefined>>) {
    const answer = await send(server(), await by(clientId, change)());
    expect(answer).toMatchObject({ status: 200 });
    return (JSON.parse(answer.body) as { scope: unknown }).scope;
  }

  test.for(['patient/*.read', 'organization/*.read', 'organization/*.read conf/N', 'conf/N patient/*.read'])(
    'the scope %s',
    async (scope) => {
      const answer = await send(server(), await asking({ scope })());
      expect(answer).toMatchObject({ status: 200 });
      expect((JSON.parse(answer.body) as { scope: unknown }).scope).toBe(scope);
    },
  );

  test('the same scope twice, which is granted once', async () => {
    const answer = await send(server(), await asking({ scope: 'patient/*.read patient/*.read' })());
    expect(JSON.parse(answer.body)).toMatchObject({ scope: 'patient/*.read' });
  });

  test.for(['user/Flag.read', 'patient/*.read conf/N'])(
    '%s of a client with two APIs, which finds its API',
    async (scope) => {
      expect(await granted(bothId, { scope })).toBe(scope);
    },
  );

  test('writing, by a client that was given it', async () => {
    expect(await granted(transferId, { scope: 'patient/*.write' })).toBe('patient/*.write');
  });
});
