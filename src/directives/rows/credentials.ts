import type { Directive } from '../directive.js';
import { IMPORT_CREDENTIAL, LOAD_CREDENTIAL, setCredential } from '../kinds/paths/credentials.js';
import { row } from '../row.js';

/** Secrets that the manager hands to the service. They add to the unit's own. */
export const credentials = (): readonly Directive[] => [
  row('ImportCredential', 254, IMPORT_CREDENTIAL, ['web.*'], {
    reset: '',
    merge: 'append',
    more: [{ property: 'ImportCredentialEx', signature: 'a(ss)', since: 257 }],
  }),
  row('LoadCredential', 247, LOAD_CREDENTIAL, ['key:/etc/web/key'], {
    reset: '',
    merge: 'append',
  }),
  row('LoadCredentialEncrypted', 250, LOAD_CREDENTIAL, ['key:/etc/web/key.cred'], {
    reset: '',
    merge: 'append',
  }),
  row('SetCredential', 247, setCredential({ encrypted: false }), ['motd:hello world\n'], {
    reset: '',
    merge: 'append',
  }),
  row('SetCredentialEncrypted', 250, setCredential({ encrypted: true }), ['motd:aGVsbG8='], {
    reset: '',
    merge: 'append',
  }),
];
