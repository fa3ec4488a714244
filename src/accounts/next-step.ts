import { type AssuranceLevel, levelOf } from './assurance.ts';

/** What somebody can prove with who she is, beside a password. */
export interface Proofs {
  /** Undefined without an authenticator app; `always`: it is asked for whatever is needed. */
  readonly authenticator: { readonly always: boolean } | undefined;
  readonly passkey: boolean;
}

/**
 * What comes next in a sign-in: nothing (`done`), the code of her app, her passkey, or that she has none with which she
 * could prove so much (`no-passkey`).
 */
export type NextStep = 'done' | 'code' | 'passkey' | 'no-passkey';

/**
 * Decides what somebody is asked for next who has proved something (pure).
 *
 * @param state `level`: what the request needs; `acr`, `amr`: what she has proved
 */
export function nextStep(
  state: { readonly level: AssuranceLevel; readonly acr: string; readonly amr: readonly string[] },
  { authenticator, passkey }: Proofs,
): NextStep {
  const proved = levelOf(state.acr);
  const needed = Math.max(state.level, authenticator?.always ? 2 : 1);
  if (proved >= needed) return 'done';
  // Where nothing but a passkey will do, the code before it would be typed for nothing.
  if (needed === 3 && passkey) return 'passkey';
  if (authenticator !== undefined && !state.amr.includes('otp')) return 'code';
  return passkey ? 'passkey' : 'no-passkey';
}
