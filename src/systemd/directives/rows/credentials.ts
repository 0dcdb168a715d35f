import type { Directive } from '../directive.js';
import { IMPORT_CREDENTIAL, LOAD_CREDENTIAL, setCredential } from '../kinds/paths/credentials.js';
import { group } from '../row.js';

/** Secrets that the manager hands to the service. They add to the unit's own. */
export const credentials = (): readonly Directive[] =>
  group(
    { reset: '', merge: 'append' },
    [
      'ImportCredential',
      254,
      IMPORT_CREDENTIAL,
      ['web.*'],
      { more: { end: 'Ex', signature: 'a(ss)', since: 257 } },
    ],
    ['LoadCredential', 247, LOAD_CREDENTIAL, ['key:/etc/web/key']],
    ['LoadCredentialEncrypted', 250, LOAD_CREDENTIAL, ['key:/etc/web/key.cred']],
    ['SetCredential', 247, setCredential({ encrypted: false }), ['motd:hello world\n']],
    ['SetCredentialEncrypted', 250, setCredential({ encrypted: true }), ['motd:aGVsbG8=']],
  );
