export {
  type Activity,
  type ActivityEntry,
  type ActivityPage,
  type ActivityPlace,
  createActivity,
} from './activity.ts';
export { type AnonymousDenials, createAnonymousDenials } from './anonymous-denials.ts';
export { type Audit, createAudit } from './audit.ts';
export type { Head } from './chain.ts';
export type { AuditEvent, AuditRow } from './events.ts';
export { describeFault, type Fault } from './faults.ts';
export { createSealer, type Sealer } from './sealer.ts';
export { type Verification, verifyAudit } from './verify.ts';
