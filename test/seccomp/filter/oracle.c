/*
 * A second opinion on filters: makes them with libseccomp from descriptions on standard input and writes each as a
 * line of hex (struct sock_filter[]) to standard output. Numbers are hex. A description is
 *
 *   filter DEFAULT                              the action where no rule holds, as seccomp(2) has it
 *   abi ARCH                                    a convention by libseccomp's SCMP_ARCH_*; the rules that follow are its own
 *   rule CALL ACTION [ARG OP MASK VALUE]...     CALL by its name, because libseccomp takes numbers for native ones;
 *                                               OP is ne lt le eq ge gt masked-eq; MASK counts for the last only
 *   end
 *
 * and "knows CALL" asks whether libseccomp has a call in its tables: it answers yes or no.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONDITIONS 6

static scmp_filter_ctx whole; /* the conventions that are done */
static scmp_filter_ctx one;   /* the convention whose rules are being read */
static unsigned int by_default;

static void must(int result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(-result));
	exit(1);
}

static unsigned long long number(void)
{
	const char *word = strtok(NULL, " \n");

	if (word == NULL)
		must(-EINVAL, "a number is missing");
	return strtoull(word, NULL, 16);
}

static void add_to_whole(void)
{
	if (one == NULL)
		return;
	if (whole == NULL)
		whole = one;
	else
		must(seccomp_merge(whole, one), "merge");
	one = NULL;
}

static void begin_abi(uint32_t arch)
{
	add_to_whole();
	one = seccomp_init(by_default);
	if (one == NULL)
		must(-EINVAL, "init");
	must(seccomp_attr_set(one, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), "bad arch action");
	if (arch == seccomp_arch_native())
		return;
	must(seccomp_arch_add(one, arch), "arch");
	must(seccomp_arch_remove(one, SCMP_ARCH_NATIVE), "native arch");
}

static enum scmp_compare operator(const char *name)
{
	static const struct {
		const char *name;
		enum scmp_compare value;
	} operators[] = {
		{ "ne", SCMP_CMP_NE }, { "lt", SCMP_CMP_LT }, { "le", SCMP_CMP_LE },
		{ "eq", SCMP_CMP_EQ }, { "ge", SCMP_CMP_GE }, { "gt", SCMP_CMP_GT },
		{ "masked-eq", SCMP_CMP_MASKED_EQ },
	};

	for (size_t i = 0; name != NULL && i < sizeof(operators) / sizeof(*operators); i++)
		if (strcmp(operators[i].name, name) == 0)
			return operators[i].value;
	must(-EINVAL, "operator");
	return SCMP_CMP_NE;
}

static void add_rule(void)
{
	struct scmp_arg_cmp conditions[CONDITIONS];
	const char *call = strtok(NULL, " \n");
	int nr = call == NULL ? __NR_SCMP_ERROR : seccomp_syscall_resolve_name(call);
	uint32_t action = (uint32_t)number();
	unsigned int count = 0;
	const char *word;

	if (nr == __NR_SCMP_ERROR)
		must(-EINVAL, call == NULL ? "a call is missing" : call);
	while ((word = strtok(NULL, " \n")) != NULL && count < CONDITIONS) {
		struct scmp_arg_cmp *condition = &conditions[count++];
		unsigned long long mask, value;

		condition->arg = (unsigned int)strtoul(word, NULL, 16);
		condition->op = operator(strtok(NULL, " \n"));
		mask = number();
		value = number();
		condition->datum_a = condition->op == SCMP_CMP_MASKED_EQ ? mask : value;
		condition->datum_b = condition->op == SCMP_CMP_MASKED_EQ ? value : 0;
	}
	must(seccomp_rule_add_exact_array(one, action, nr, count, conditions), call);
}

static void write_filter(void)
{
	FILE *file = tmpfile();
	int byte;

	add_to_whole();
	if (file == NULL)
		must(-errno, "temporary file");
	must(seccomp_export_bpf(whole, fileno(file)), "export");
	rewind(file);
	while ((byte = fgetc(file)) != EOF)
		printf("%02x", (unsigned int)byte);
	putchar('\n');
	fclose(file);
	seccomp_release(whole);
	whole = NULL;
}

int main(void)
{
	static char line[4096];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		const char *word = strtok(line, " \n");

		if (word == NULL)
			continue;
		if (strcmp(word, "filter") == 0)
			by_default = (unsigned int)number();
		else if (strcmp(word, "abi") == 0)
			begin_abi((uint32_t)number());
		else if (strcmp(word, "rule") == 0)
			add_rule();
		else if (strcmp(word, "end") == 0)
			write_filter();
		else if (strcmp(word, "knows") == 0)
			puts(seccomp_syscall_resolve_name(strtok(NULL, " \n")) != __NR_SCMP_ERROR ? "yes" : "no");
		else
			must(-EINVAL, word);
	}
	return 0;
}
