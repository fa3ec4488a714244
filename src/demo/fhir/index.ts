export { resourceTypes } from './resource.ts';
export { createDemoFhir } from './server.ts';
export { createWrittenResources } from './written.ts';
