/* Messages of a command that a unit starts, where the unit's own output may be a client's connection, or its file. */
#ifndef SANDBOX_UNIT_JOURNAL_H
#define SANDBOX_UNIT_JOURNAL_H

/*
 * Has standard error lead to the journal, as a stream of a unit's. Where there is no journal it leads to the kernel's
 * log, or to nobody.
 */
void speak_to_journal(const char *program, const char *unit);

/* The beginning of a line that tells of no failure, for logs that have levels, and else nothing (sd-daemon(3)). */
const char *message_level(void);

#endif
