export { type Api, hasProvenance, INTROSPECT, scopeFamily, type TokenProfile } from './api.ts';
export { type Catalogue, createCatalogue } from './catalogue.ts';
export { notOffered } from './offer.ts';
export { apiSchema, asApi } from './registration.ts';
