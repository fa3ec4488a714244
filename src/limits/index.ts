export type { TooMany } from './attempts.ts';
export { createLimitStore } from './create-store.ts';
export { KNOWN_FOR } from './known-browsers.ts';
export {
  createLoadLimits,
  type LoadLimits,
  type LoadNumbers,
} from './load.ts';
export {
  type CodeLeave,
  createSignInGuard,
  type Leave,
  type Limited,
  type SignInGuard,
} from './sign-in-guard.ts';
export type { LimitStore } from './store.ts';
