import { observerTests } from './observer.js';
import { onKernel } from './tried.js';

/** The oldest kernel that the observer takes. */
onKernel({ kernel: 'linux-6.1-x86-64', cpu: 'max' }, [observerTests]);
