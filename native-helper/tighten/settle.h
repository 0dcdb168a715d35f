/* A service that has come to rest, told by its threads. */
#ifndef SANDBOX_UNIT_SETTLE_H
#define SANDBOX_UNIT_SETTLE_H

/*
 * Waits until the threads of a control group, and the programs that they run, haven't changed for so many milliseconds.
 * Returns whether that came before the time was up: `within` milliseconds, or where that is 0 half a minute, or
 * `milliseconds` where these are more.
 */
int await_settled(const char *group, unsigned int milliseconds, unsigned int within);

#endif
