export { createEndAccount } from './grants/end-account.ts';
export { endAll } from './grants/end-all.ts';
export type { LineWithdrawal, Withdrawal, Withdrawals } from './grants/withdrawals.ts';
export { createOidc } from './oidc.ts';
export type { OidcPages } from './options.ts';
export type { Browser, SignedIn } from './person/browser.ts';
export type { HttpExchange, Interactions, Next, Question } from './person/question.ts';
export { reachAt } from './reach.ts';
export { smartConfiguration } from './smart-configuration.ts';
