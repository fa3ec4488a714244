/** A refusal in the words of RFC 6749 section 5.2 and RFC 8707 section 2. */
export interface Refusal {
  readonly error: 'invalid_scope' | 'invalid_target' | 'unauthorized_client' | 'invalid_request';
  readonly description: string;
}

/** Puts a refusal together. */
export const refuse = (error: Refusal['error'], description: string): Refusal => ({ error, description });

/** Whether a decision was a refusal. */
export const isRefusal = (decision: object): decision is Refusal => 'error' in decision;
