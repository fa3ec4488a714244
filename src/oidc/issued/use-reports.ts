import type { Context } from 'koa';
import type { Audit, AuditRow } from '../../audit/index.ts';
import { createGroup } from '../../db/index.ts';
import type { RequestStates } from '../request-state.ts';
import { opensUse, readUse } from './reported-use.ts';

/** Takes down what an API says that it was asked for with a token: before it answers, so nobody knows yet what it will say. */
export interface UseReports {
  /**
   * Writes the audit row of a use, where the caller gave one with a token that is active; it is durable when the promise
   * resolves.
   *
   * @param given the parameters as they were sent
   * @returns what is wrong with them; undefined: nothing
   */
  report(ctx: Context, given: { interaction: unknown; resource: unknown }): Promise<string | undefined>;
}

/** Writes uses in groups: one statement for many requests, so that asking about a token stays cheap. */
export function createUseReports(options: {
  audit: Audit;
  states: RequestStates;
  sourceOf: (ctx: Context) => string;
}): UseReports {
  const { audit, states, sourceOf } = options;
  const write = createGroup<AuditRow, undefined>({
    async write(rows) {
      await audit.add(rows);
      return rows.map(() => undefined);
    },
    maxItems: 500,
    maxWaiting: 1000,
    lanes: 2,
  });
  return {
    async report(ctx, given) {
      const use = readUse(given);
      if (use === undefined) return undefined;
      if ('fault' in use) return use.fault;
      const { introspected: token } = states.of(ctx);
      if (token === undefined || !opensUse(token.api, token.scopes, use)) return undefined;
      const { interaction, resource = null } = use;
      await write(
        audit.row({
          type: 'access.reported',
          clientId: token.clientId,
          apiId: token.api.id,
          subject: token.subject,
          tokenId: token.tokenId,
          source: sourceOf(ctx),
          detail: { grant: token.grant ?? null, patient: token.patient ?? null, interaction, resource },
        }),
      );
      return undefined;
    },
  };
}
