import { errors } from 'oidc-provider';
import { isStorable } from '../../db/index.ts';

/** Parameters of a request. The library silently drops those after the thousandth, so a second `scope` could hide there. */
const MOST_PARAMETERS = 100;

type Body = Readonly<Record<string, unknown>>;

/**
 * Refuses at the door what the library would overlook in a request body: U+0000, which PostgreSQL cannot store, in
 * any parameter; more parameters than any request has; and a `client_secret` beside another authentication method
 * (RFC 6749 section 2.3), which the library drops unseen because `client_secret_post` is not offered.
 *
 * @throws InvalidRequest
 */
export function checkBody(body: Body | undefined, hasAuthorization: boolean): void {
  if (body === undefined) return;
  // A decoded form has no broken surrogate pairs, so U+0000 is all that can be wrong.
  if (!isStorable(body)) {
    throw new errors.InvalidRequest('a parameter contains the character U+0000');
  }
  let parameters = 0;
  let repeated = false;
  for (const [name, value] of Object.entries(body)) {
    parameters += Array.isArray(value) ? value.length : 1;
    // Also those that the grant does not know, which the library passes over (RFC 6749 section 3.2; RFC 8707 section 2).
    if (name !== 'resource' && Array.isArray(value)) repeated = true;
  }
  if (parameters > MOST_PARAMETERS) throw new errors.InvalidRequest('too many parameters');
  if (repeated) throw new errors.InvalidRequest('a parameter must not be provided twice');
  // A parameter without a value counts as left out (RFC 6749 section 3.2).
  if (body.client_secret && (hasAuthorization || body.client_assertion)) {
    throw new errors.InvalidRequest('client authentication must only be provided using one mechanism');
  }
}
