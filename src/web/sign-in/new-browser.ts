import type { Context } from 'koa';
import type { Account } from '../../accounts/index.ts';
import type { SignInGuard } from '../../limits/index.ts';
import type { KnownCookie } from './known-cookie.ts';

/** Tells people of sign-ins in browsers that were not known for their account. */
export interface NewBrowser {
  /** Notes that a password was right, and tells its owner in a new browser. @param leave that was given for it */
  password(
    ctx: Context,
    account: Account,
    leave: { readonly known: boolean; succeeded(): Promise<string> },
  ): Promise<void>;
  /** The same for a passkey, or a sign-in at an identity source. */
  other(ctx: Context, account: Account): Promise<void>;
}

/** @param tell writes to whoever it concerns */
export function createNewBrowser(options: {
  guard: Pick<SignInGuard, 'knows' | 'remember'>;
  knownCookie: KnownCookie;
  tell: (account: Account, proof: 'password' | 'other') => Promise<void>;
}): NewBrowser {
  const { guard, knownCookie, tell } = options;
  return {
    async password(ctx, account, leave) {
      const known = leave.known || guard.knows(knownCookie.read(ctx), account.id);
      knownCookie.set(ctx, guard.remember(await leave.succeeded(), account.id));
      if (!known) await tell(account, 'password');
    },
    async other(ctx, account) {
      const before = knownCookie.read(ctx);
      const known = guard.knows(before, account.id);
      knownCookie.set(ctx, guard.remember(before, account.id));
      if (!known) await tell(account, 'other');
    },
  };
}
