import type Koa from 'koa';
import { type AccountFrontOptions, createAccountFront } from './account-routes.ts';
import { type ActivityPageOptions, addActivity } from './activity.ts';
import { type AddressOptions, addAddress } from './address.ts';
import { type ApplicationsOptions, addApplications } from './applications.ts';
import { addCopies, type CopiesOptions } from './copies.ts';
import { addDevices, type DevicesOptions } from './devices.ts';
import { addFirstPassword } from './first-password.ts';
import { addLanguage, type LanguagePageOptions } from './language.ts';
import { createNotices } from './notices.ts';
import { addOverview } from './overview.ts';
import { addOwnData, type OwnDataOptions } from './own-data.ts';
import type { SecurityPagesOptions } from './security.ts';
import { addSecurityPages } from './security-pages.ts';
import { addSources, type SourcesOptions } from './sources.ts';
import { createWayIn } from './way-in.ts';

/** What the account pages need of the rest. */
export type AccountPagesOptions = Omit<AccountFrontOptions, 'wayIn' | 'notices'> &
  ApplicationsOptions &
  CopiesOptions &
  ActivityPageOptions &
  AddressOptions &
  DevicesOptions &
  OwnDataOptions &
  LanguagePageOptions &
  SecurityPagesOptions &
  SourcesOptions & {
    readonly issuer: string;
    /** Secret, the same on all nodes. */
    readonly wayInKey: string;
  };

/** What the site gives the account pages itself. */
type OfSite =
  | keyof Pick<CopiesOptions, 'issuer' | 'catalogue' | 'rendererOf'>
  | keyof Pick<AccountFrontOptions, 'forms' | 'render' | 'showFault'>
  | keyof Pick<ApplicationsOptions, 'registry' | 'words' | 'languageOf'>
  | keyof Pick<LanguagePageOptions, 'languages'>;

/** What the rest of the program gives them. */
export type AccountDependencies = Omit<AccountPagesOptions, OfSite>;

/** The pages on which a person sees and undoes everything, one file a topic. */
export function createAccountPages(options: AccountPagesOptions): Koa.Middleware {
  const { issuer, wayInKey } = options;
  const { front, middleware } = createAccountFront({
    ...options,
    wayIn: createWayIn({ issuer, key: wayInKey }),
    notices: createNotices(options),
  });
  addOverview(front, options);
  addAddress(front, options);
  addSecurityPages(front, options);
  addFirstPassword(front, options);
  addSources(front, options);
  addApplications(front, options);
  addCopies(front, options);
  addActivity(front, options);
  addDevices(front, options);
  addOwnData(front, options);
  addLanguage(front, options);
  return middleware;
}
