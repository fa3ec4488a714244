export { callerOf, createDoor } from './door.ts';
export { createEntrance } from './entrance.ts';
export type { Locale } from './locales.ts';
export { createOutermost } from './outermost.ts';
export { createPages, type Pages } from './pages.ts';
export { createKinds, createWords } from './scope-words.ts';
export { createHttpServer, drain } from './server.ts';
export { createOauthPages } from './sign-in/oauth-pages.ts';
export { createSite } from './site.ts';
