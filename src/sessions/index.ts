export { describeAgent } from './agent.ts';
export { type BrowserSession, type BrowserSessions, createBrowserSessions } from './browser-sessions.ts';
export {
  type ClaimedNotice,
  createLogoutNotices,
  type LogoutNotice,
  type LogoutNotices,
  MOST_TRIES,
} from './logout-notices.ts';
