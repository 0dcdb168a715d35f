/* Ends by SIGSEGV. */
int main(void)
{
	*(volatile int *)0 = 0;
	return 0;
}
