import { createInterface } from 'node:readline';
import { isMainThread } from 'node:worker_threads';
import { shiftTime } from '../../../support/time.ts';

// Loaded before a program (`--import`). Its time is TIME_SHIFT seconds from real time, and a number on its standard input
// moves it anew. Threads that only calculate need no time.
if (isMainThread) {
  shiftTime(Number(process.env.TIME_SHIFT));
  createInterface({ input: process.stdin }).on('line', (line) => {
    shiftTime(Number(line));
    process.stdout.write(`time is ${line} s from real time\n`);
  });
  // A program must be able to end although it could still be told something.
  process.stdin.unref();
}
