/* delegate GROUP: marks a control group as delegated, as systemd does for Delegate=. */
#include <err.h>
#include <sys/xattr.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(1, "delegate GROUP");
	if (setxattr(argv[1], "trusted.delegate", "1", 1, 0) < 0)
		err(1, "%s", argv[1]);
	return 0;
}
