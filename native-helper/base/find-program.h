/* The search for the program that is to be executed. */
#ifndef SANDBOX_UNIT_FIND_PROGRAM_H
#define SANDBOX_UNIT_FIND_PROGRAM_H

/*
 * Where systemd looks for a bare program name. A systemd that is built for a merged /usr leaves out the last two, which
 * are links there.
 */
#define DEFAULT_SEARCH_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * The path of the program: `name` if it has a slash, else in a directory of the search path. Directories are separated
 * by colons; an empty one is the current. Ends the process if there is no program; `hint` is the way out.
 */
const char *find_program(const char *name, const char *search_path, const char *hint);

/* Ends the process because execve(2) failed, or would. */
_Noreturn void fail_exec(const char *path, long error, const char *hint);

#endif
