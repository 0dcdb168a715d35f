/** A reader of OpenMetrics' text, as far as gauges need it, which takes nothing else. */
import assert from 'node:assert/strict';

export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const LABEL = /([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"/gy;
const SAMPLE = /^([a-z_]+)(?:\{(.*)\})? (-?\d+(?:\.\d+)?)$/;

/** The samples of a text, each once; those of one metric lie together, behind its help and its type. */
export function samplesOf(text: string): Sample[] {
  assert.ok(text.endsWith('# EOF\n'));
  const samples: Sample[] = [];
  const seen = new Set<string>();
  let metric = '';
  for (const line of text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1)) {
    const [, kind, name, rest] = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      assert.ok(!seen.has(`# ${name}`), line);
      seen.add(`# ${name}`);
      metric = name!;
    } else if (kind === 'TYPE') assert.deepEqual([name, rest], [metric, 'gauge']);
    else {
      assert.ok(!seen.has(line.slice(0, line.lastIndexOf(' '))), `twice: ${line}`);
      seen.add(line.slice(0, line.lastIndexOf(' ')));
      samples.push(sampleOf(line, metric));
    }
  }
  return samples;
}

function sampleOf(line: string, metric: string): Sample {
  const [, name, labels = '', value] = SAMPLE.exec(line) ?? assert.fail(line);
  assert.equal(name, metric);
  return { name: name!, labels: labelsOf(labels), value: Number(value) };
}

function labelsOf(text: string): Map<string, string> {
  const labels = new Map<string, string>();
  for (let at = 0; at < text.length; at++) {
    LABEL.lastIndex = at;
    const [whole, name, value] = LABEL.exec(text) ?? assert.fail(text);
    assert.ok(!labels.has(name!), text);
    labels.set(
      name!,
      value!.replace(/\\([\\"n])/g, (_, one) => (one === 'n' ? '\n' : one)),
    );
    at += whole.length;
    assert.ok(at === text.length || text[at] === ',', text);
  }
  return labels;
}
