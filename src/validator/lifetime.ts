import { spineCore } from '../tokens/index.ts';
import type { Step } from './types.ts';

// Exactly this, in both families.
const { lifetime } = spineCore;

/**
 * How far `iat` may lie in the future, in seconds. The published tests want +200 accepted, and the reference provider is
 * shipped with 600; without any bound a stolen key or a lying consumer could write tokens for years to come.
 */
export const leeway = 600;

/**
 * Step 7 of the order of checks: whole seconds, `exp` 300 s after `iat`, not expired. A token is no longer acceptable on
 * its `exp` (GP Connect provenance page); the reference provider still takes it in that second. No leeway for that.
 */
export const lifetimeStep: Step = {
  name: 'lifetime',
  fault({ claims: { iat, exp }, now }) {
    if (!Number.isSafeInteger(iat)) return 'JWT claim iat must be an integer';
    if (!Number.isSafeInteger(exp)) return 'JWT claim exp must be an integer';
    if (Number(exp) - Number(iat) !== lifetime) return `JWT claim exp must be ${lifetime} seconds after iat`;
    if (now >= Number(exp)) return 'JWT has expired';
    return Number(iat) - now > leeway ? 'JWT claim iat lies too far in the future' : undefined;
  },
};
