export { derive } from './cipher.ts';
export { createOnce } from './create-once.ts';
export { readMasterKey } from './master-key.ts';
export {
  createSigningKeys,
  type SigningAlgorithm,
  type SigningKey,
  type SigningKeys,
  signingAlgorithms,
} from './signing-keys.ts';
