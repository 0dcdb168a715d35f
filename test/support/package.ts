/** `npm run package`: makes .deb and .rpm of both kinds of machines, and looks at them. */
import { lintPackages, makePackages, PACKAGED_MACHINES, packagesObstacle } from './packages.js';

async function main(folder: string): Promise<void> {
  const obstacle = packagesObstacle();
  if (obstacle !== undefined) throw new Error(`no layer can run here, see packaging/build: ${obstacle}`);
  const env = { SOURCE_DATE_EPOCH: process.env.SOURCE_DATE_EPOCH! };
  for (const machine of PACKAGED_MACHINES) await makePackages(folder, machine, ['deb', 'rpm'], env);
  const found = await lintPackages(folder);
  if (found !== '') throw new Error(found);
}

await main(process.argv[2]!).catch((error: Error) => {
  console.error(`package: ${error.message}`);
  process.exitCode = 1;
});
