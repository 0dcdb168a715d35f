import type { Directive } from '../directive.js';
import { AMBIENT, CAPABILITY_LIST } from '../kinds/names/capabilities.js';
import { LABEL, PAM_SERVICE } from '../kinds/names/names.js';
import { GROUPS, NO_OTHER_GROUPS, SAME_USER, USER } from '../kinds/names/user.js';
import { SECURE_BITS, words } from '../kinds/names/words.js';
import { BOOLEAN, oneOf } from '../kinds/scalars/enumeration.js';
import { MODE, UMASK } from '../kinds/scalars/mode.js';
import { CONFINES, group } from '../row.js';
import { SET } from '../values/signed-list.js';
import { FIXED, weakestFirst } from '../values/strictness.js';

/** SECBIT_* of linux/securebits.h, the lowest bit first. */
const BITS = [
  ...['noroot', 'noroot-locked', 'no-setuid-fixup', 'no-setuid-fixup-locked'],
  ...['keep-caps', 'keep-caps-locked'],
];

const SECURE_BIT_LIST = words({ of: [...BITS].sort(), bits: BITS });

const KEYRINGS = weakestFirst(['inherit', 'shared', 'private'], 'private');

const PORTS = 'CAP_NET_BIND_SERVICE';

/** Who the service runs as, and with which privileges. */
export const identity = (): readonly Directive[] => [
  ...group(
    {},
    ['KeyringMode', 235, oneOf(['inherit', 'private', 'shared']), 'shared', { strictness: KEYRINGS }],
    ['NoNewPrivileges', 187, BOOLEAN, true, { ...CONFINES, impliedBy: 'DynamicUser' }],
    ['PAMName', 183, PAM_SERVICE, 'login', { reset: '', systemOnly: true }],
    ['RemoveIPC', 232, BOOLEAN, true, { ...CONFINES, systemOnly: true, impliedBy: 'DynamicUser' }],
    ['SetLoginEnvironment', 255, BOOLEAN, true],
    ['UMask', 183, MODE, '0077', { strictness: UMASK }],
  ),
  ...group(
    { reset: '', merge: 'replace' },
    ['AmbientCapabilities', 229, CAPABILITY_LIST, [PORTS], { strictness: AMBIENT, userNamespace: true }],
    ['SecureBits', 183, SECURE_BIT_LIST, ['noroot', 'noroot-locked'], { strictness: SECURE_BITS }],
  ),
  // An empty value is the empty set, not a return to the default.
  ...group({ reset: '', merge: 'intersect', strictness: SET, userNamespace: true }, [
    'CapabilityBoundingSet',
    183,
    CAPABILITY_LIST,
    ['CAP_CHOWN', PORTS],
  ]),
  ...group(
    { fatal: true, reset: '', strictness: FIXED, systemOnly: true },
    ['AppArmorProfile', 210, LABEL, '-web-server', { needs: ['apparmor'] }],
    ['Group', 183, USER, 'daemon', { strictness: SAME_USER }],
    ['SmackProcessLabel', 218, LABEL, 'web', { needs: ['smack'] }],
    [
      'SupplementaryGroups',
      183,
      GROUPS,
      ['audio', 'video'],
      { merge: 'replace', strictness: NO_OTHER_GROUPS },
    ],
    ['User', 183, USER, 'daemon', { strictness: SAME_USER }],
  ),
  ...group({ fatal: true, reset: '', strictness: FIXED, needs: ['selinux'], bus: { write: 's' } }, [
    'SELinuxContext',
    209,
    LABEL,
    'system_u:system_r:httpd_t:s0',
  ]),
  // Implies NoNewPrivileges=, RestrictSUIDSGID=, ProtectSystem=strict and more, whatever else is set.
  ...group({ ...CONFINES, fatal: true, needs: ['seccomp'], mountNamespace: true, systemOnly: true }, [
    'DynamicUser',
    232,
    BOOLEAN,
    true,
  ]),
];
