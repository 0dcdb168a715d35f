import { ALL } from './all.js';
import { entryTests } from './entry.js';
import { launcherTests } from './launcher.js';
import { listTests } from './lists.js';
import { onKernel } from './tried.js';

onKernel({ kernel: 'linux-6.12-arm64', cpu: 'cortex-a57' }, ALL);
// With BTI and pointer authentication. With SVE glibc asks for the kernel's release before static programs can have an
// errno, so that they crash where uname is refused.
const cpu = 'max,pauth-impdef=on,sve=off';
onKernel({ kernel: 'linux-6.12-arm64', cpu }, [launcherTests, listTests, entryTests]);
