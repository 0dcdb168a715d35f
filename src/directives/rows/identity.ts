import {
  type Directive,
  FIXED,
  on,
  oneOf,
  restriction,
  row,
  toggle,
  weakestFirst,
  YES_RESTRICTS,
} from '../row.js';

const SECURE_BITS = [
  'keep-caps',
  'keep-caps-locked',
  'no-setuid-fixup',
  'no-setuid-fixup-locked',
  'noroot',
  'noroot-locked',
];

/** Who the service runs as, and with which privileges. */
export const IDENTITY: readonly Directive[] = [
  row('AmbientCapabilities', 229, { type: 'capabilities' }, ['CAP_NET_BIND_SERVICE'], {
    reset: '',
    merge: 'replace',
    strictness: { rule: 'ambient' },
    bus: on('AmbientCapabilities', 't'),
    userNamespace: true,
  }),
  row('AppArmorProfile', 210, { type: 'label' }, '-web-server', {
    fatal: true,
    reset: '',
    strictness: FIXED,
    bus: on('AppArmorProfile', '(bs)'),
    needs: ['apparmor'],
    systemOnly: true,
  }),
  // An empty value is the empty set, not a return to the default.
  row('CapabilityBoundingSet', 183, { type: 'capabilities' }, ['CAP_CHOWN', 'CAP_NET_BIND_SERVICE'], {
    reset: '',
    merge: 'intersect',
    strictness: { rule: 'set' },
    bus: on('CapabilityBoundingSet', 't'),
    userNamespace: true,
  }),
  // Implies NoNewPrivileges=, RestrictSUIDSGID=, ProtectSystem=strict and more, whatever else is set.
  restriction('DynamicUser', 232, {
    fatal: true,
    needs: ['seccomp'],
    mountNamespace: true,
    systemOnly: true,
  }),
  row('Group', 183, { type: 'user' }, 'daemon', {
    fatal: true,
    reset: '',
    strictness: { rule: 'user' },
    systemOnly: true,
  }),
  row('KeyringMode', 235, oneOf(['inherit', 'private', 'shared']), 'shared', {
    strictness: weakestFirst(['inherit', 'shared', 'private'], 'private'),
  }),
  restriction('NoNewPrivileges', 187),
  row('PAMName', 183, { type: 'name', what: 'pam' }, 'login', { reset: '', systemOnly: true }),
  toggle('RemoveIPC', 232, { systemOnly: true, strictness: YES_RESTRICTS }),
  row('SELinuxContext', 209, { type: 'label' }, 'system_u:system_r:httpd_t:s0', {
    fatal: true,
    reset: '',
    strictness: FIXED,
    bus: { property: 'SELinuxContext', signature: '(bs)', write: 's' },
    needs: ['selinux'],
  }),
  row('SecureBits', 183, { type: 'words', of: SECURE_BITS }, ['noroot', 'noroot-locked'], {
    reset: '',
    merge: 'replace',
    strictness: { rule: 'secure-bits' },
    bus: on('SecureBits', 'i'),
  }),
  toggle('SetLoginEnvironment', 255),
  row('SmackProcessLabel', 218, { type: 'label' }, 'web', {
    fatal: true,
    reset: '',
    strictness: FIXED,
    bus: on('SmackProcessLabel', '(bs)'),
    needs: ['smack'],
    systemOnly: true,
  }),
  row('SupplementaryGroups', 183, { type: 'groups' }, ['audio', 'video'], {
    fatal: true,
    reset: '',
    merge: 'replace',
    strictness: { rule: 'groups' },
    bus: on('SupplementaryGroups', 'as'),
    systemOnly: true,
  }),
  row('UMask', 183, { type: 'mode' }, '0077', { strictness: { rule: 'umask' }, bus: on('UMask', 'u') }),
  row('User', 183, { type: 'user' }, 'daemon', {
    fatal: true,
    reset: '',
    strictness: { rule: 'user' },
    systemOnly: true,
  }),
];
