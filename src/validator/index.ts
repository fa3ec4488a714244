export { audienceOf0x } from './gp-connect/dialects.ts';
export { endpoints, type Interaction, interactions, interactions0 } from './gp-connect/interactions.ts';
export type { Claims } from './json.ts';
export {
  type Coding,
  type ErrorCode,
  errorCodes,
  type OperationOutcome,
  operationOutcome,
} from './outcome.ts';
export { type Profile, profiles } from './profiles.ts';
export { type ProxyFault, proxyOutcome } from './proxy-outcome.ts';
export { retrievalInteraction } from './spine/nrl.ts';
export { reasonableAdjustmentsInteractions } from './spine/reasonable-adjustments.ts';
export type { Answer, ResourceRequest, ValidatorOptions } from './types.ts';
export { createValidator, type Validator } from './validator.ts';
