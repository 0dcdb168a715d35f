/* Loads the library in argv[1] while a thread is there already; that thread then names the system. */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/utsname.h>

static sem_t loaded;

static void *name_system(void *unused)
{
	struct utsname name;
	sem_wait(&loaded);
	puts(uname(&name) == 0 ? "named" : "not named");
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	(void)argc;
	if (sem_init(&loaded, 0, 0) != 0 || pthread_create(&thread, NULL, name_system, NULL) != 0)
		return 1;
	if (dlopen(argv[1], RTLD_NOW) == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	sem_post(&loaded);
	return pthread_join(thread, NULL);
}
