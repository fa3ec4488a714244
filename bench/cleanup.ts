type Step = () => unknown;

/** What has to be undone at the end, last made first undone, whatever happened in between. */
export class Cleanup {
  readonly #steps: Step[] = [];

  defer(step: Step): void {
    this.#steps.push(step);
  }

  /** Runs every step even if some fail; a failure is reported and does not hide the result of the run. */
  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        console.error('cleaning up:', error);
      }
    }
  }
}
