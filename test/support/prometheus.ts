/** One sample of the text format of Prometheus. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const number = /^(?:[+-]?Inf|NaN|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i;
const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const labelPair = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;
const commentLine =
  /^# (?:HELP [a-zA-Z_:][\w:]* .*|TYPE [a-zA-Z_:][\w:]* (?:counter|gauge|histogram|summary|untyped))$/;

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let at = 0;
  while (at < text.length) {
    labelPair.lastIndex = at;
    const [all = '', name = '', value = ''] = labelPair.exec(text) ?? [];
    if (all === '') throw new Error(`not a list of labels: ${text}`);
    labels[name] = value;
    at += all.length;
  }
  return labels;
}

/** Reads everything that was scraped. @throws at the first line that the format (version 0.0.4) does not know */
export function readPrometheus(body: string): Sample[] {
  if (!body.endsWith('\n')) throw new Error('the last line has no end');
  return body
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      if (line.startsWith('#')) {
        if (!commentLine.test(line)) throw new Error(`not a comment: ${line}`);
        return [];
      }
      const [, name, labels = '', value = ''] = sampleLine.exec(line) ?? [];
      if (name === undefined || !number.test(value)) throw new Error(`not a sample: ${line}`);
      return { name, labels: readLabels(labels), value: Number(value.replace(/Inf$/, 'Infinity')) };
    });
}
