/* Units that are not started without their policy, and how they and the operator learn of it. */
#ifndef SANDBOX_UNIT_REFUSAL_H
#define SANDBOX_UNIT_REFUSAL_H

#include <stdbool.h>

/* Levels of syslog(3) */
enum level { CRITICAL = 2, ERROR = 3 };

/* Writes a line to the kernel's log: generators run before the journal does. `path` may be empty. */
void tell(enum level level, const char *unit, const char *what, const char *reason, const char *path);

/*
 * Has each start of a unit fail, by files in the folder that comes before all others of units. Of a template it is each
 * start of its instances. A unit that runs goes on, and stops as it would.
 */
bool hold(const char *early, const char *unit, const char *reason, const char *path);

/* Holds a unit, and tells of it. */
void refuse(const char *early, const char *unit, const char *reason, const char *path);

/* Lets a unit that is held start again. */
void release(const char *early, const char *unit);

/* Removes the files that all held units share, where no unit is held. */
void release_shared(const char *early);

/* The exit status of ExecCondition= by which a unit fails; lower ones only have it skipped (systemd.service(5)). */
#define FAILS_UNIT 255

/* The exit status of the service that tells the reason. */
#define FAILS 1

/* Tells in the journal of a unit that is held why it doesn't start. Returns `status`. */
int answer_start(const char *early, const char *unit, int status);

#endif
