/** Names that are aliases, by our reading of the links and by systemd's. */
import assert from 'node:assert/strict';
import { Host } from '../../src/machine/host.js';
import { aliasesOf, unitNamed, unitNames } from '../../src/systemd/unit/aliases.js';
import { parseUnitName, type UnitName } from '../../src/systemd/unit/name.js';
import { UNIT_PATH } from '../../src/systemd/unit/search.js';
import { changeFiles, outside } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { UNIT_LINKS } from '../support/unit-links.js';

const { box, test } = machine('unit-aliases', { launcher: false });

const unit = (text: string) => parseUnitName(text) as UnitName;

/** Instances for templates; what links in a circle are is systemd's own business. */
const ASKED = [...new Set(Object.values(UNIT_LINKS).flatMap((files) => Object.keys(files)))]
  .filter((name) => name.endsWith('.service') && !/^[ab]\.service$/.test(name))
  .map((name) => name.replace('@.', '@x.'));

test("aliases are the same as systemd's", async () => {
  await box.succeed(['mkdir', '-p', '/opt']);
  const files = Object.entries(UNIT_LINKS).flatMap(([directory, entries]) =>
    Object.entries(entries).map(([name, target]) => ({ path: `${directory}/${name}`, target })),
  );
  const units = ['/opt/real.service', ...files.filter(({ target }) => target === '').map(({ path }) => path)];
  await changeFiles(box, Object.fromEntries(units.map((path) => [path, '[Service]\nExecStart=/bin/true\n'])));
  const links = files.filter(({ target }) => target !== '');
  for (const { path, target } of links) await box.succeed(['ln', '-sfn', target, path]);
  await box.succeed(['systemctl', 'daemon-reload']);
  const host = new Host({ address: '', hint: '' });
  const directories = UNIT_PATH.map(async (directory) => ({
    directory,
    fileNames: await host.list(outside(box, directory)),
    links: await host.links(outside(box, directory)),
  }));
  const names = unitNames(await Promise.all(directories));
  for (const name of ASKED) {
    const said = await box.succeed(['systemctl', 'show', '--property=Id,Names,LoadState', name]);
    const [, id, all, state] = /^Id=(.*)\nNames=(.*)\nLoadState=(.*)\n$/.exec(said) ?? assert.fail(said);
    const found = unitNamed(unit(name), names);
    if (state !== 'loaded') {
      assert.equal(found.full, name, said);
      continue;
    }
    assert.equal(found.full, id);
    const aliases = aliasesOf(found, names).map(({ full }) => full);
    assert.deepEqual([id, ...aliases].sort(), all!.split(' ').sort());
  }
});
