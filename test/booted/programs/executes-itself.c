/* A daemon whose reload executes it anew, as php-fpm's does: SIGUSR2; without execve it ends. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t reloads;

static void on_signal(int number)
{
    (void)number;
    reloads = 1;
}

int main(int argc, char **argv)
{
    sigset_t none;
    (void)argc;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGUSR2, on_signal);
    while (!reloads) pause();
    execv(argv[0], argv);
    perror("can't execute myself");
    return 70;
}
