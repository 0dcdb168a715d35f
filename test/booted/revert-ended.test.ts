import { endedCalls } from '../support/ended-calls.js';

endedCalls('revert');
