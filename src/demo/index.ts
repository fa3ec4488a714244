export { createDemoApps } from './apps.ts';
export { createDemoFhir } from './fhir/index.ts';
export { createKete, type KeteOptions } from './kete/kete.ts';
export { demoKeyFile } from './keys.ts';
export {
  civilDate,
  type DemoPerson,
  type DemoRole,
  demoAuthenticatorKey,
  demoPassword,
  people,
} from './people.ts';
export { demoDate, hasDemoData, type SeedOptions, seedDemo } from './seed.ts';
export { demoCommands } from './try-it.ts';
export { demoPractitioners, demoUserContext, type UserContext } from './user-context.ts';
export { demoFhirBase, demoSecret, isDemoClient } from './world.ts';
