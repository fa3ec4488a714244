import { describeFault, type Head, type Verification, verifyAudit } from '../audit/index.ts';
import { Refused } from '../errors.ts';
import { derive } from '../keys/index.ts';
import { print, withSchema } from './run.ts';

export interface VerifyAuditOptions {
  /** A head that was noted before, as SEQ:HASH. */
  readonly head?: string;
}

function readHead(text: string): Head {
  const [, seq, hash] = /^(\d{1,15}):([\w-]{43}|)$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined || (hash === '') !== (Number(seq) === 0))
    throw new Refused('Nothing was verified:', [
      '--head must be SEQ:HASH, as this command and the log note it',
    ]);
  return { seq: Number(seq), hash };
}

function sentences({ sealed, unsealed, head, faults, further }: Verification): string[] {
  const lines = [
    `sealed   ${sealed}`,
    `waiting  ${unsealed}`,
    `head     ${head.seq}:${head.hash}`,
    '',
    ...faults.map((fault) => `FAULT  ${describeFault(fault)}`),
  ];
  if (further > 0) return [...lines, `FAULT  and ${further} more`];
  if (faults.length > 0) return lines;
  return [
    ...lines,
    'Everything that is sealed is as it was written. Note the head elsewhere: --head then shows whether it was cut off.',
  ];
}

/** `assent audit verify`: checks the audit trail against its hash chain; exit code 1 when they differ. */
export async function verifyAuditTrail(options: VerifyAuditOptions = {}): Promise<void> {
  const head = options.head === undefined ? undefined : readHead(options.head);
  await withSchema(async ({ db, masterKey }) => {
    const verification = await verifyAudit({ db, key: derive(masterKey, 'audit-chain'), head });
    print(...sentences(verification));
    if (verification.faults.length > 0) process.exitCode = 1;
  });
}
