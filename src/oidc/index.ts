export { type Ended, endAll } from './grants/end-all.ts';
export { createOidc } from './oidc.ts';
export type { Oidc, OidcOptions, OidcPages, RefusedRequest } from './options.ts';
export type { HttpExchange, Interactions, Next, OfferedRole, Question } from './person/question.ts';
export type { ApplicationLink, SignOutPages } from './person/sign-out.ts';
export { smartConfiguration } from './smart-configuration.ts';
