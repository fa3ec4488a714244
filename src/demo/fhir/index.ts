export { createDemoFhir } from './server.ts';
