import type { Audit } from '../audit/index.ts';

/** What was changed about the ways in which somebody signs in. */
export type CredentialChange =
  | 'password-changed'
  | 'passkey-added'
  | 'passkey-removed'
  | 'authenticator-added'
  | 'authenticator-changed'
  | 'authenticator-removed'
  | 'recovery-codes-made'
  | 'recovery-code-used'
  | 'factors-reset'
  | 'linked'
  | 'unlinked';

/** Tells somebody what was changed about her account, in the caller's transaction. */
export type Notify = (accountId: string, change: CredentialChange) => Promise<void>;

/** Writes down a change, and tells whoever it concerns; both in the caller's transaction. */
export type RecordChange = (
  accountId: string,
  change: CredentialChange,
  detail?: Readonly<Record<string, unknown>>,
) => Promise<void>;

/** Makes the one way in which changes are written down. */
export function createRecordChange({ audit, notify }: { audit: Audit; notify: Notify }): RecordChange {
  return async (accountId, change, detail = {}) => {
    await audit.record({ type: `account.${change}`, subject: accountId, detail });
    await notify(accountId, change);
  };
}
