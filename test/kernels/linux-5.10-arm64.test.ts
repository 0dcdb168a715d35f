import { ALL } from './all.js';
import { onKernel } from './tried.js';

onKernel({ kernel: 'linux-5.10-arm64', cpu: 'cortex-a57' }, ALL);
