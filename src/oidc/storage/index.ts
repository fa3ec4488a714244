export { createAdapter, type Exchange, keptId } from './adapter.ts';
export { createRedisStore } from './redis-store.ts';
export { createReplayGuard } from './replay-guard.ts';
export { createSqlStore, type PlacedArtefact, type SqlStore } from './sql-store.ts';
export type { ArtefactStore } from './store.ts';
