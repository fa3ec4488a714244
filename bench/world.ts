/**
 * What all contestants are asked for: the two demo clients, the resource and the scope, and the time for which an
 * answer is good. The names are those of the demo world, so that the real server needs no special seed.
 */

export const RESOURCE = 'https://spine.example.test/raflags/STU3';
export const SCOPE = 'system/Flag.read';
export const TOKEN_TTL = 300;

export const SECRET_CLIENT = 'clinic-backend';
export const SECRET = 'demo-secret-clinic-backend';

export const JWT_CLIENT = 'clinic-jwt';
export const ASSERTION_ALG = 'ES384';
