import type { Directive } from '../directive.js';
import { AMBIENT, CAPABILITY_LIST } from '../kinds/names/capabilities.js';
import { LABEL, PAM_SERVICE } from '../kinds/names/names.js';
import { GROUPS, NO_OTHER_GROUPS, SAME_USER, USER } from '../kinds/names/user.js';
import { SECURE_BITS, words } from '../kinds/names/words.js';
import { oneOf } from '../kinds/scalars/enumeration.js';
import { MODE, UMASK } from '../kinds/scalars/mode.js';
import { restriction, row, toggle } from '../row.js';
import { SET } from '../values/signed-list.js';
import { FIXED, weakestFirst, YES_RESTRICTS } from '../values/strictness.js';

/** SECBIT_* of linux/securebits.h, the lowest bit first. */
const SECURE_BIT_NAMES = [
  'noroot',
  'noroot-locked',
  'no-setuid-fixup',
  'no-setuid-fixup-locked',
  'keep-caps',
  'keep-caps-locked',
];

/** Who the service runs as, and with which privileges. */
export const identity = (): readonly Directive[] => [
  row('AmbientCapabilities', 229, CAPABILITY_LIST, ['CAP_NET_BIND_SERVICE'], {
    reset: '',
    merge: 'replace',
    strictness: AMBIENT,
    userNamespace: true,
  }),
  row('AppArmorProfile', 210, LABEL, '-web-server', {
    fatal: true,
    reset: '',
    strictness: FIXED,
    needs: ['apparmor'],
    systemOnly: true,
  }),
  // An empty value is the empty set, not a return to the default.
  row('CapabilityBoundingSet', 183, CAPABILITY_LIST, ['CAP_CHOWN', 'CAP_NET_BIND_SERVICE'], {
    reset: '',
    merge: 'intersect',
    strictness: SET,
    userNamespace: true,
  }),
  // Implies NoNewPrivileges=, RestrictSUIDSGID=, ProtectSystem=strict and more, whatever else is set.
  restriction('DynamicUser', 232, {
    fatal: true,
    needs: ['seccomp'],
    mountNamespace: true,
    systemOnly: true,
  }),
  row('Group', 183, USER, 'daemon', {
    fatal: true,
    reset: '',
    strictness: SAME_USER,
    systemOnly: true,
  }),
  row('KeyringMode', 235, oneOf(['inherit', 'private', 'shared']), 'shared', {
    strictness: weakestFirst(['inherit', 'shared', 'private'], 'private'),
  }),
  restriction('NoNewPrivileges', 187, { impliedBy: 'DynamicUser' }),
  row('PAMName', 183, PAM_SERVICE, 'login', { reset: '', systemOnly: true }),
  toggle('RemoveIPC', 232, { systemOnly: true, strictness: YES_RESTRICTS, impliedBy: 'DynamicUser' }),
  row('SELinuxContext', 209, LABEL, 'system_u:system_r:httpd_t:s0', {
    fatal: true,
    reset: '',
    strictness: FIXED,
    bus: { property: 'SELinuxContext', signature: '(bs)', write: 's' },
    needs: ['selinux'],
  }),
  row(
    'SecureBits',
    183,
    words({ of: [...SECURE_BIT_NAMES].sort(), bits: SECURE_BIT_NAMES }),
    ['noroot', 'noroot-locked'],
    {
      reset: '',
      merge: 'replace',
      strictness: SECURE_BITS,
    },
  ),
  toggle('SetLoginEnvironment', 255),
  row('SmackProcessLabel', 218, LABEL, 'web', {
    fatal: true,
    reset: '',
    strictness: FIXED,
    needs: ['smack'],
    systemOnly: true,
  }),
  row('SupplementaryGroups', 183, GROUPS, ['audio', 'video'], {
    fatal: true,
    reset: '',
    merge: 'replace',
    strictness: NO_OTHER_GROUPS,
    systemOnly: true,
  }),
  row('UMask', 183, MODE, '0077', { strictness: UMASK }),
  row('User', 183, USER, 'daemon', {
    fatal: true,
    reset: '',
    strictness: SAME_USER,
    systemOnly: true,
  }),
];
