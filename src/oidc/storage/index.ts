export { createAdapter } from './adapter.ts';
export { digest, keptId } from './artefact.ts';
export type { StorageContext } from './context.ts';
export { createRedisStore } from './redis-store.ts';
export { createReplayGuard, proofId, type ReplayGuard, replayId } from './replay-guard.ts';
export { grantsEndingWith, grantsIn, type KnownSession, sidsIn } from './session.ts';
export {
  ConsentEnded,
  createSqlStore,
  type PlacedArtefact,
  type SqlStore,
} from './sql-store.ts';
export type { ArtefactStore, GrantedBy, Looked } from './store.ts';
