export { type AnonymousDenials, createAnonymousDenials } from './anonymous-denials.ts';
export { type Audit, createAudit } from './audit.ts';
export type { AuditEvent, AuditRow } from './events.ts';
