import { endedCalls } from '../support/ended-calls.js';

endedCalls('apply');
