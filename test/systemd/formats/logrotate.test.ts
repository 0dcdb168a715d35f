import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reloadBy } from '../../../src/systemd/formats/logrotate.js';

/** A file as Debian's apache2 has it. */
const file = (command: string) => `/var/log/apache2/*.log {
\tweekly
\tsharedscripts
\tpostrotate
\t\tif pgrep -f ^/usr/sbin/apache2 > /dev/null; then
\t\t    ${command} 2>&1 | logger -t apache2.logrotate
\t\tfi
\tendscript
}
`;

const found = (command: string) => reloadBy(file(command), 'apache2');

test('a reload by a command that names a service is found', () => {
  assert.equal(found('invoke-rc.d apache2 reload'), 'invoke-rc.d apache2 reload');
  assert.equal(found('/usr/sbin/invoke-rc.d --quiet apache2 reload'), 'invoke-rc.d apache2 reload');
  assert.equal(found('service apache2 force-reload>/dev/null'), 'service apache2 force-reload');
  assert.equal(found('(/etc/init.d/apache2 graceful)'), '/etc/init.d/apache2 graceful');
  assert.equal(found('systemctl --no-block reload "apache2.service"'), 'systemctl reload apache2');
});

test('no other command counts as a reload', () => {
  for (const command of [
    'invoke-rc.d nginx reload',
    'invoke-rc.d apache2 rotate',
    'invoke-rc.d apache2-other reload',
    'service apache2',
    'systemctl try-restart apache2',
    'systemctl reload nginx',
    'echo invoke-rc.d',
    '# invoke-rc.d apache2 reload',
    '/srv/etc/init.d/apache2 reload',
  ])
    assert.equal(reloadBy(`${command}\n`, 'apache2'), undefined, command);
  assert.equal(reloadBy('', 'apache2'), undefined);
});
