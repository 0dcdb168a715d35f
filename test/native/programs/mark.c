/* mark GROUP NAME VALUE: gives a control group an extended attribute, as systemd does. */
#include <err.h>
#include <string.h>
#include <sys/xattr.h>

int main(int argc, char **argv)
{
	if (argc != 4)
		errx(1, "mark GROUP NAME VALUE");
	if (setxattr(argv[1], argv[2], argv[3], strlen(argv[3]), 0) < 0)
		err(1, "%s", argv[1]);
	return 0;
}
