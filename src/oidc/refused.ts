import { errors } from 'oidc-provider';
import { isRefusal, type Refusal } from '../authorisation/index.ts';

/** The library's error of a refusal. */
export const asError = ({ error, description }: Refusal): Error =>
  new errors.CustomOIDCProviderError(error, description);

/** What a decision admits. @throws the library's error of a refusal */
export function admitted<Decision extends object>(decision: Decision | Refusal): Decision {
  if (isRefusal(decision)) throw asError(decision);
  return decision;
}
