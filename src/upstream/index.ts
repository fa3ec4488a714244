export { type Arrivals, createArrivals } from './arrivals.ts';
export type { SourceFault, SourceFaultKind } from './faults.ts';
export { anewFrom } from './freshness.ts';
export { createLinks, type Links } from './links.ts';
export { readSources } from './source-file.ts';
export { createSources, type Sources } from './sources.ts';
export { createUpstream, type Failed, type HandOver, type Upstream } from './upstream.ts';
