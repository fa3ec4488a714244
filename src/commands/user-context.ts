import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { demoPractitioners, demoUserContext } from '../demo/index.ts';
import { Refused } from '../errors.ts';
import { notRequested } from './assertions.ts';

const text = z.string('must be a text');
const object = z.record(z.string(), z.unknown(), 'must be an object');

/** What a file may say of a user; whether it is right, only the server judges. */
const schema = z
  .strictObject({
    sub: text,
    requesting_practitioner: object.optional(),
    requesting_user: text.optional(),
    requesting_organization: z.union([text, object], 'must be a text or an object').optional(),
    reason_for_request: text.optional(),
  })
  .refine(
    (claims) => (claims.requesting_practitioner === undefined) !== (claims.requesting_user === undefined),
    'must have either requesting_practitioner or requesting_user',
  );

export type UserClaims = z.output<typeof schema>;

/** How `assent token` was told who the user is. */
export interface AskedUser {
  readonly client: string;
  /** A practitioner of the demo world, or a file with the claims. */
  readonly user: string;
  readonly role?: string;
  readonly reason?: string;
  readonly resource?: string;
}

function claimsOf(file: string): UserClaims {
  let input: unknown;
  try {
    input = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw notRequested(`the file ${file} cannot be read as JSON`);
  }
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.') || 'it'} ${message}`);
  throw new Refused(`The claims in ${file} cannot be used:`, faults);
}

/**
 * What the client says of its user: read from a file (`.json`), or made up from the demo world.
 *
 * @throws Refused if the file cannot be used, a role is given beside a file, or nobody is called so
 */
export function userClaims({ client, user, role, reason, resource }: AskedUser): UserClaims {
  if (user.endsWith('.json')) {
    if (role !== undefined) throw notRequested('--role is for people of the demo world: the file says it');
    return { ...claimsOf(user), ...(reason === undefined ? {} : { reason_for_request: reason }) };
  }
  const claims = demoUserContext({ user, clientId: client, role, reason, resource });
  if (claims !== undefined) return claims;
  throw notRequested(
    `no practitioner of the demo world is called ${user}: give ${demoPractitioners()
      .map(({ key }) => key)
      .join(' or ')}, or a .json file with the claims`,
  );
}
