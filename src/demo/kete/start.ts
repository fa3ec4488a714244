import { demoPassword } from '../people.ts';

/** What `demo/start.njk` shows. */
export interface StartModel {
  /** Whether this browser has access to a record already. */
  readonly connected: boolean;
  /** The accounts to try, the first one first. `whoKey` is a locale key. */
  readonly accounts: readonly { readonly signInName: string; readonly whoKey: string }[];
  readonly password: string;
}

const accounts = [
  { signInName: 'aroha@example.test', whoKey: 'demo.start.who.aroha' },
  { signInName: 'wiremu@example.test', whoKey: 'demo.start.who.wiremu' },
  { signInName: 'mere@example.test', whoKey: 'demo.start.who.mere' },
  { signInName: 'hana@example.test', whoKey: 'demo.start.who.hana' },
];

/** The first page of Kete Health. */
export function startModel(connected: boolean): StartModel {
  return { connected, accounts, password: demoPassword };
}
