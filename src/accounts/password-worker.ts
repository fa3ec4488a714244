import { argon2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

/** One task for the worker: make a hash, or tell whether a password belongs to one. */
export type PasswordTask =
  | { readonly password: string }
  | { readonly password: string; readonly hash: string };

/** argon2id with 19 MiB, two passes, one lane: the first choice of the OWASP password storage cheat sheet. */
const MEMORY = 19_456;
const PASSES = 2;
const LENGTH = 32;

function argon2id(password: string, salt: Buffer, memory: number, passes: number, length: number): Buffer {
  return argon2Sync('argon2id', {
    message: password,
    nonce: salt,
    parallelism: 1,
    memory,
    passes,
    tagLength: length,
  });
}

const encode = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');

function make(password: string): string {
  const salt = randomBytes(16);
  const tag = argon2id(password, salt, MEMORY, PASSES, LENGTH);
  return `$argon2id$v=19$m=${MEMORY},t=${PASSES},p=1$${encode(salt)}$${encode(tag)}`;
}

/** The PHC string format: parameters travel with the hash, so that they can be raised later. */
const phc = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=1\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

function matches(password: string, hash: string): boolean {
  const parts = phc.exec(hash);
  if (parts === null) return false;
  const [memory, passes] = [Number(parts[1]), Number(parts[2])];
  const [salt, expected] = [Buffer.from(parts[3] ?? '', 'base64'), Buffer.from(parts[4] ?? '', 'base64')];
  return timingSafeEqual(argon2id(password, salt, memory, passes, expected.length), expected);
}

/** Runs in a worker thread: the synchronous call keeps off the four threads that signing and DNS share. */
export default function work(task: PasswordTask): string | boolean {
  return 'hash' in task ? matches(task.password, task.hash) : make(task.password);
}
