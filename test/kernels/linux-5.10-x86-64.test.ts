import { ALL, WITH_X32 } from './all.js';
import { onKernel } from './tried.js';

onKernel({ kernel: 'linux-5.10-x86-64', cpu: 'max', ...WITH_X32 }, ALL);
