// Prints what npm has built into dist/, as CycloneDX: `npm sbom` of package-lock.json, less what only builds and tests
// use, with the same bytes each time. SOURCE_DATE_EPOCH is its time.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Lines of dist/LICENSES that name a package. */
const bundled = new Set(
  [...readFileSync('dist/LICENSES', 'utf8').matchAll(/^(\S+) (\d+\.\d+\.\d+\S*)$/gm)].map(
    ([, name, version]) => `${name}@${version}`,
  ),
);

const words = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
const bom = JSON.parse(execFileSync('npm', words, { encoding: 'utf8', maxBuffer: 1 << 26 }));
const { component, lifecycles } = bom.metadata;

/** Properties that say how a package came to be a dependency: here each is a part of the command. */
const asPart = ({ properties: _, ...rest }) => ({ ...rest, scope: 'required' });

const components = bom.components.filter(({ name, version }) => bundled.has(`${name}@${version}`)).map(asPart);
const missing = [...bundled].filter((ref) => !components.some(({ name, version }) => ref === `${name}@${version}`));
if (missing.length > 0) throw new Error(`package-lock.json lacks ${missing.join(', ')}`);

const refs = new Set(components.map((part) => part['bom-ref']));
const own = component['bom-ref'];
const dependencies = bom.dependencies
  .filter(({ ref }) => ref === own || refs.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
const { version, bomFormat, specVersion, $schema } = bom;
const metadata = {
  timestamp: new Date(Number(process.env.SOURCE_DATE_EPOCH) * 1000).toISOString(),
  lifecycles,
  // npm takes the folder's name for the program's.
  component: { ...component, type: 'application', name: own.slice(0, own.lastIndexOf('@')) },
};
const digest = createHash('sha256').update(JSON.stringify([metadata, components])).digest('hex');
const id = digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, '$1-$2-8$3-8$4-$5');
const said = { $schema, bomFormat, specVersion, serialNumber: `urn:uuid:${id}`, version };
process.stdout.write(`${JSON.stringify({ ...said, metadata, components, dependencies }, null, 2)}\n`);
