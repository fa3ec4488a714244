export { createDenyList, type DenyList } from './deny-list.ts';
export { createRevocations, type Revocations, type TokenIds } from './revocations.ts';
