/* The parts of `observed` that deal with files, in the working directory. */
#ifndef OBSERVED_FILES_H
#define OBSERVED_FILES_H

#include <err.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

static void must(int is_done, const char *what)
{
	if (!is_done)
		err(1, "%s", what);
}

static void paths(void)
{
	struct stat status;
	char name[600];
	mkdir("folder", 0750);
	int folder = open("folder", O_PATH);
	int made = open("made", O_CREAT | O_RDWR, 0640);
	rename("made", "folder/moved");
	renameat(folder, "moved", folder, "again");
	unlinkat(folder, "again", 0);
	(void)open("/dev/null", O_RDONLY);
	(void)open("missing/file", O_RDONLY);
	(void)stat("./missing", &status);
	(void)chmod("folder", 0700);
	(void)open(".", O_TMPFILE | O_WRONLY, 0600);
	(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, open("/proc/self/exe", O_RDONLY), 0);
	int memory = memfd_create("code", 0);
	if (ftruncate(memory, 4096) == 0)
		(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, memory, 0);
	memset(name, 'x', sizeof name);
	memcpy(name + sizeof name - 5, "/end", 5);
	(void)stat(name, &status);
	close(made);
	rmdir("folder");
}

static void directories(void)
{
	mkdir("a", 0700);
	mkdir("a/b", 0700);
	must(chdir("a") == 0 && chdir("b") == 0 && fchdir(open("..", O_PATH)) == 0 && chdir("missing") != 0, "directories");
}

/* Does to `/` of a root of its own what a daemon in one does. */
static void jail(void)
{
	struct sockaddr_un inside = {.sun_family = AF_UNIX, .sun_path = "/socket"};
	struct stat status;
	mkdir("jail", 0700);
	must(chroot("jail") == 0 && chdir("/") == 0, "jail");
	(void)open("/made", O_CREAT | O_WRONLY, 0600);
	(void)stat("/made", &status);
	mkdir("/folder", 0700);
	(void)bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&inside, sizeof inside);
}

/* Makes files of each kind, with a umask. */
static void makes(void)
{
	struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "socket"};
	umask(007);
	(void)mkdir("folder", 02751);
	(void)mkdir("folder", 0711);
	(void)mkdir("missing/folder", 0777);
	(void)mknod("fifo", S_IFIFO | 0666, 0);
	(void)bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&path, sizeof path);
	close(open("file", O_CREAT | O_WRONLY, 0642));
}

/* Changes files that aren't open for writing. */
static void attributes(void)
{
	static const char *const names[] = {"chmod", "chown", "xattr", "times", "flags", "flags-read", "failed"};
	int files[7], flags = 0;
	for (int i = 0; i < 7; i++) {
		close(open(names[i], O_CREAT | O_WRONLY, 0600));
		files[i] = open(names[i], O_RDONLY);
	}
	(void)fchmod(files[0], 0640);
	(void)fchown(files[1], 0, 0);
	(void)fsetxattr(files[2], "trusted.observed", "x", 1, 0);
	(void)futimens(files[3], NULL);
	(void)ioctl(files[5], FS_IOC_GETFLAGS, &flags);
	(void)ioctl(files[4], FS_IOC_SETFLAGS, &flags);
	(void)fsetxattr(files[6], "none.observed", "x", 1, 0);
}

static void read_file(void)
{
	close(open("file", O_RDONLY));
}

/* Opens files again by other paths: a bind mount, a link, and the place of a file that is gone. */
static void places(void)
{
	must(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "namespace");
	mkdir("one", 0700);
	mkdir("two", 0700);
	mkdir("mounted", 0700);
	close(open("one/file", O_CREAT | O_WRONLY, 0600));
	must(link("one/file", "two/file") == 0 && mount("one", "mounted", NULL, MS_BIND, NULL) == 0, "mounted");
	close(open("two/file", O_WRONLY));
	close(open("mounted/file", O_WRONLY));
}

/* Finds files by links. The absolute one is below /tmp, the last name is none. */
static void links(void)
{
	char absolute[64];
	snprintf(absolute, sizeof absolute, "/tmp/observed-%d", (int)getpid());
	mkdir("folder", 0700);
	must(symlink("/dev/null", absolute) == 0 && symlink("/dev/null", "link") == 0 && symlink("/usr", "away") == 0, "links");
	close(open("folder", O_RDONLY));
	close(open(absolute, O_RDONLY));
	close(open("link", O_RDONLY));
	int folder = open("folder", O_PATH);
	must(openat(folder, "../away/bin", O_PATH) >= 0, "relative");
	must(faccessat(folder, ".", W_OK | X_OK, 0) == 0 && faccessat(AT_FDCWD, "link", R_OK, 0) == 0, "access");
	must(chdir(absolute) != 0 && unlink(absolute) == 0 && symlink("/usr", absolute) == 0 && chdir(absolute) == 0, "directory");
	must(unlink(absolute) == 0, "link");
}

#endif
