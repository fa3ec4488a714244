export { type Api, INTROSPECT } from './api.ts';
export { type Catalogue, createCatalogue } from './catalogue.ts';
export { notOffered } from './offer.ts';
export {
  hasProvenance,
  hasSmartLaunch,
  profileOf,
  scopeFamily,
  type TokenProfile,
} from './profiles.ts';
export { apiSchema, asApi } from './registration.ts';
