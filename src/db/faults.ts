import { AssentError, DatabaseUnavailable } from '../errors.ts';

/**
 * SQLSTATE classes and codes after which the same statement may succeed later (PostgreSQL appendix A):
 * connection lost, serialisation and deadlock, out of resources (disk full, too many connections), shutting
 * down, read-only standby, a time-out of a statement, a lock or a transaction.
 */
const transient = /^(08|40|53|57P|58)|^(55P03|57014|25006|25P03|25P04)$/;

/** Faults of the network and of the pool, which carry no SQLSTATE. */
const connectionFaults = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ECONNABORTED',
]);

const poolFault =
  /Query read timeout|timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Cannot use a pool after calling end|not queryable/i;

const codeOf = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;

/** Whether the connection itself failed or fell silent: nothing more can be said over it. */
export function isConnectionFault(error: unknown): boolean {
  if (connectionFaults.has(codeOf(error) ?? '')) return true;
  return error instanceof Error && poolFault.test(error.message);
}

/** Whether trying the same again later may help. */
export function isTransient(error: unknown): boolean {
  return transient.test(codeOf(error) ?? '') || isConnectionFault(error);
}

/** Whether a unique constraint refused a row (SQLSTATE 23505). */
export function isConflict(error: unknown): boolean {
  return codeOf(error) === '23505';
}

/** Makes a DatabaseUnavailable of a passing fault; any other error stays what it is. */
export function translate(error: unknown): unknown {
  if (error instanceof AssentError) return error;
  return isTransient(error) ? new DatabaseUnavailable(error) : error;
}

/**
 * Whether PostgreSQL can store a value as jsonb: no text in it, name or value, holds U+0000 or half a surrogate pair.
 */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (Array.isArray(value)) return value.every(isStorable);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, member]) => isStorable(name) && isStorable(member));
}
