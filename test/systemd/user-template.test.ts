/** The template for services of a user's own manager: it is applied by the user, the service works, and what it takes is taken. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Box } from '../support/box.js';
import { COMMAND, servicesObstacle } from '../support/service.js';
import { alternatives } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';

const USER = 'alice';
const HOME = `/home/${USER}`;
const UNIT = 'worker.service';
const ANSWERS = `${HOME}/answers`;

/** Says what it can do in a file of the home. */
const SCRIPT = `#!/bin/bash
try() { if "\${@:2}" >/dev/null 2>&1; then echo "$1 yes"; else echo "$1 no"; fi; }
{
  try home touch ~/written
  try shell sh -c 'echo x >>~/.bashrc'
  try unit touch ~/.config/systemd/user/another.service
  try keys ls ~/.gnupg/key
  try manager systemctl --user list-units
  try namespace unshare --user true
  try system touch /var/tmp/../../etc/written
} >${ANSWERS}.new
mv ${ANSWERS}.new ${ANSWERS}
exec sleep infinity
`;

for (const tree of alternatives<TreeName>(['machine', 'bookworm'])) {
  describe(`a service of a user of ${tree}`, { skip: servicesObstacle(tree) ?? false }, () => {
    let box: Box;
    const asUser = (...words: readonly string[]) => box.exec(words, { user: USER });

    before(async () => {
      box = await Box.boot({ name: `user-template-${tree}`, tree });
      await box.sh(`useradd --create-home ${USER} && systemctl start user@$(id --user ${USER}).service`);
      const unit = `[Service]\nType=exec\nExecStart=${HOME}/worker\n`;
      await box.writeFile(`${HOME}/.config/systemd/user/${UNIT}`, unit);
      await box.writeFile(`${HOME}/worker`, SCRIPT);
      await box.sh(
        `mkdir ${HOME}/.gnupg && touch ${HOME}/.gnupg/key ${HOME}/.bashrc && chmod 755 ${HOME}/worker`,
      );
      await box.sh(`chown -R ${USER}: ${HOME}`);
      await asUser('systemctl', '--user', 'daemon-reload');
    });
    after(() => box?.stop());

    /** What the service says of itself after a start. */
    async function answers(): Promise<string> {
      await box.sh(`rm -f ${ANSWERS} ${HOME}/written`);
      const { status, stderr } = await asUser('systemctl', '--user', 'restart', UNIT);
      assert.equal(status, 0, stderr);
      await box.sh(`timeout 60 sh -c 'until [ -e ${ANSWERS} ]; do sleep 0.1; done'`);
      return box.readFile(ANSWERS);
    }

    test('can do what its user can', async () => {
      assert.equal(
        await answers(),
        'home yes\nshell yes\nunit yes\nkeys yes\nmanager yes\nnamespace yes\nsystem no\n',
      );
    });

    test('has its home under the template, and no way out', async () => {
      await box.succeed(['mount', '-o', 'remount,rw', '/sys']);
      const applied = await asUser(...COMMAND, 'apply', '--user', '--template', 'user-service', UNIT);
      assert.equal(applied.status, 0, applied.stdout + applied.stderr);
      // A user may not read filters back.
      assert.doesNotMatch(applied.stderr, /warning\[(?!filters-unreadable\])/);
      assert.equal(
        await answers(),
        'home yes\nshell no\nunit no\nkeys no\nmanager no\nnamespace no\nsystem no\n',
      );
    });
  });
}
