export { decrypt, derive, encrypt } from './cipher.ts';
export { createOnce } from './create-once.ts';
export { type SigningAlgorithm, signingAlgorithms } from './key-pair.ts';
export { readMasterKey } from './master-key.ts';
export { createSeal, type Seal } from './seal.ts';
export { createSigningKeys, type Rotation, type SigningKey, type SigningKeys } from './signing-keys.ts';
export { JWKS_MAX_AGE, POLL, PUBLISHED_BEFORE, RETIRING_LIFE } from './times.ts';
export { createKeyWatch, type KeyWatch } from './watch.ts';
