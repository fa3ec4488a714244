import type { TestServer } from './server.ts';

/**
 * Ends all that people decided, at the moment when they did, so that the next test begins without. Grants and tokens stay: what
 * stands behind them is over.
 */
export const endDecisions = ({ sql }: Pick<TestServer, 'sql'>, reason = 'restored'): Promise<unknown> =>
  sql('UPDATE consents SET ended_at = decided_at, end_reason = $1 WHERE ended_at IS NULL', [reason]);
