/** Units with the drop-in of a policy, read back in a box as `apply` does it. */
import type { Location } from '../../src/diagnostic.js';
import { emitted } from '../../src/systemd/directives/against-unit.js';
import type { Directive } from '../../src/systemd/directives/directive.js';
import { formatDirective, isFormatted } from '../../src/systemd/directives/format.js';
import type { Box } from '../support/box.js';
import { changeFiles } from '../support/loaded-units.js';
import type { ReadBackCase, ReadBackFinding } from '../support/read-back-in-box.js';
import { inRepository } from '../support/repository.js';

const RUN = '/run/systemd/system';
const AT: Location = { file: 'policy.toml', line: 1, column: 1 };

/** One directive of a policy on a unit that has lines of its own, and what another drop-in sets after ours. */
export interface ReadBackUnit {
  readonly row: Directive;
  readonly value: unknown;
  readonly own?: readonly string[];
  readonly later?: readonly string[];
}

/** What is said of each unit, by its key. */
export async function readUnitsBack(
  box: Box,
  units: ReadonlyMap<string, ReadBackUnit>,
): Promise<Map<string, readonly ReadBackFinding[]>> {
  const files: Record<string, string> = {};
  const cases: ReadBackCase[] = [];
  const put = (path: string, lines: readonly string[]) => {
    files[path] = ['[Service]', ...lines, ''].join('\n');
  };
  for (const [i, { row, value, own = [], later }] of [...units.values()].entries()) {
    const lines = (values: readonly string[]) => values.map((text) => `${row.name}=${text}`);
    const unit = `r-${i}.service`;
    const dropIn = `${RUN}/${unit}.d/zz-sandbox-unit.conf`;
    const formatted = formatDirective(row, value, AT);
    if (!isFormatted(formatted)) throw new Error(`${row.name}: ${JSON.stringify(formatted)}`);
    const values = emitted(row, own, formatted.values);
    put(`${RUN}/${unit}`, ['ExecStart=/bin/true', ...lines(own)]);
    put(dropIn, lines(values));
    if (later) put(`${RUN}/${unit}.d/zzz-later.conf`, lines(later));
    cases.push({ unit, dropIn, directives: [{ name: row.name, values, because: '' }] });
  }
  await box.sh(`rm -rf ${RUN}/r-*`);
  await changeFiles(box, files);
  await box.writeFile('/run/read-back.json', JSON.stringify(cases));
  const program = inRepository('build/test/support/read-back-in-box.js');
  const findings = JSON.parse(await box.succeed(['node', program, '/run/read-back.json']));
  return new Map([...units.keys()].map((key, i) => [key, findings[i]]));
}

/** An assignment that takes a directive's example back, or sets something else. */
export function undoing({ kind, reset, example }: Directive, systemd: number): string {
  if (reset !== undefined) return reset;
  switch (kind.type) {
    case 'boolean':
      return example === true ? 'no' : 'yes';
    case 'enum': {
      const words = kind.words!.filter(({ since = 0 }) => since <= systemd).map(({ value }) => value);
      return [...(kind.boolean ? ['no'] : []), ...words].find((word) => word !== example)!;
    }
    case 'mode':
      return '0700';
    case 'name':
      return 'other.slice';
    case 'bpf-words':
      return 'any';
    default:
      return '7';
  }
}
