#include "programs.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "json.h"

#define OLDEST "Linux 6.1 or later"
#define MOST_STRIPES 8

/* The object file with the programs. */
extern const char bpf_object[] __attribute__((visibility("hidden")));
extern const __u64 bpf_object_size __attribute__((visibility("hidden")));
__asm__(".section .rodata\n"
	".balign 8\n"
	".globl bpf_object, bpf_object_size\n" /* of local symbols arm64's linker mistakes one for another */
	"bpf_object_size: .quad 1f - bpf_object\n"
	"bpf_object: .incbin \"" BPF_OBJECT "\"\n"
	"1:\n"
	".previous\n");

#define REFUSED "refused"

/* A program by its name in the object, and the kinds of evidence that are missing without it. */
static const struct program_role {
	const char *name, *evidence[MOST_BLIND];
	int is_own; /* is run by this process, at no tracepoint */
	int is_always;
	int is_of_refused; /* is loaded where refused calls alone are looked for, too */
} roles[] = {
	{.name = "call_begins", .is_always = 1},
	{.name = "group_made", .is_always = 1},
	{.name = "executed", .is_always = 1},
	{.name = "call_returns", .evidence = {"paths", "peers", "modes", REFUSED}},
	{.name = "signalled", .evidence = {REFUSED}},
	{.name = "ended", .evidence = {REFUSED}},
	{.name = "capability_asked", .evidence = {"capabilities"}, .is_of_refused = 1},
	{.name = "forked", .evidence = {"forkFlags", REFUSED}},
	{.name = "moved", .evidence = {"leavers", REFUSED}},
	{.name = "ring_submits", .evidence = {"ringOperations"}},
	{.name = "level", .is_own = 1, .is_always = 1},
	{.name = "enrol", .is_own = 1, .is_always = 1},
};

/* In the order of `tables.paths`. */
static const char *const path_tables[PATH_TABLES] = {"files", "directories", "names", "changed_directories"};

static struct bpf_object *object;

/* libbpf's first complaint: what failed. Those that follow from it are of no use to a reader, nor is the verifier's log. */
static char complaint[400];

static __attribute__((format(printf, 2, 0))) int note_complaint(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_WARN && complaint[0] == '\0')
		(void)vsnprintf(complaint, sizeof complaint, format, arguments);
	complaint[strcspn(complaint, "\n")] = '\0';
	return 0;
}

static const struct program_role *role_of(const struct bpf_program *program)
{
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
		if (strcmp(roles[i].name, bpf_program__name(program)) == 0)
			return &roles[i];
	refuse("damaged", "this program has no role: %s", bpf_program__name(program));
}

static struct btf *types_of_kernel(void)
{
	struct utsname name;
	int version[2] = {0, 0};
	if (uname(&name) != 0 || sscanf(name.release, "%d.%d", &version[0], &version[1]) != 2 || version[0] < 6 ||
	    (version[0] == 6 && version[1] < 1))
		refuse("kernel-too-old", "it takes " OLDEST ", and this is %s", name.release);
	struct btf *types = btf__load_vmlinux_btf();
	if (types == NULL)
		refuse("no-btf",
		       "the kernel doesn't describe its types (BTF): it takes CONFIG_DEBUG_INFO_BTF, and /sys/kernel/btf/vmlinux");
	return types;
}

/* Is there the tracepoint at which a program runs? Its section is named after it. */
static int has_tracepoint(const struct btf *types, const struct bpf_program *program)
{
	char type[128];
	const char *event = strrchr(bpf_program__section_name(program), '/');
	(void)snprintf(type, sizeof type, "btf_trace_%s", event == NULL ? "" : event + 1);
	return btf__find_by_name_kind(types, type, BTF_KIND_TYPEDEF) > 0;
}

static void add_blind(struct tables *tables, const char *evidence)
{
	for (unsigned int i = 0; i < tables->blind_count; i++)
		if (strcmp(tables->blind[i], evidence) == 0)
			return;
	if (tables->blind_count < MOST_BLIND)
		tables->blind[tables->blind_count++] = evidence;
}

static int tells_refused(const struct program_role *role)
{
	for (int i = 0; i < MOST_BLIND && role->evidence[i] != NULL; i++)
		if (strcmp(role->evidence[i], REFUSED) == 0)
			return 1;
	return 0;
}

static void choose_programs(struct tables *tables, enum scope scope)
{
	struct bpf_program *program = NULL;
	struct btf *types = types_of_kernel();
	bpf_object__for_each_program(program, object) {
		const struct program_role *role = role_of(program);
		int is_there = role->is_own || has_tracepoint(types, program);
		int is_loaded = is_there && (role->is_always || scope == ALL || (scope != CALLS_ONLY && tells_refused(role)) ||
					     (scope == REFUSED_ONLY && role->is_of_refused));
		if (!is_loaded && role->is_always)
			refuse("no-tracepoint", "the kernel lacks the tracepoint %s", bpf_program__section_name(program));
		for (int i = 0; i < MOST_BLIND && role->evidence[i] != NULL; i++)
			if (!is_loaded || (scope == REFUSED_ONLY && !role->is_of_refused && strcmp(role->evidence[i], REFUSED) != 0))
				add_blind(tables, role->evidence[i]);
		(void)bpf_program__set_autoload(program, is_loaded);
	}
	btf__free(types);
}

static struct bpf_map *map_of(const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);
	if (map == NULL)
		refuse("damaged", "this program has no table %s", name);
	return map;
}

static void size_map(const char *name, unsigned int entries)
{
	if (bpf_map__set_max_entries(map_of(name), entries) != 0)
		refuse("damaged", "the table %s can't be sized", name);
}

static void *memory_of(const char *name)
{
	const struct bpf_map *map = map_of(name);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = ((size_t)bpf_map__value_size(map) + 7) / 8 * 8 * bpf_map__max_entries(map);
	void *memory = mmap(NULL, (size + page - 1) / page * page, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (memory == MAP_FAILED)
		refuse("no-memory", "the table %s can't be mapped: %s", name, strerror(errno));
	return memory;
}

/* As many stripes as CPUs, in a power of two. */
static unsigned int count_stripes(void)
{
	unsigned int stripes = 1;
	while (stripes < MOST_STRIPES && (int)stripes < libbpf_num_possible_cpus())
		stripes *= 2;
	return stripes;
}

/* Is the kernel locked down so far that programs may not read its memory? Then they don't get the helpers for it. */
static int is_locked_down(void)
{
	char modes[64] = "";
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	if (file == NULL)
		return 0;
	size_t size = fread(modes, 1, sizeof modes - 1, file);
	(void)fclose(file);
	return size > 0 && strstr(modes, "[confidentiality]") != NULL;
}

static _Noreturn void refuse_load(int error)
{
	if (is_locked_down())
		refuse("locked-down", "the kernel is locked down (confidentiality), and so lets no BPF program read its memory: %s",
		       strerror(error));
	if (error == EPERM)
		refuse("not-permitted", "the kernel lets no BPF programs be loaded here: it takes root, or CAP_BPF and CAP_PERFMON, "
					"outside of a container");
	refuse("not-accepted", "the kernel doesn't take the BPF programs: %s: %s", strerror(error), complaint);
}

void load_programs(struct tables *tables, unsigned int units, unsigned int watches, enum scope scope)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "observe");
	libbpf_set_print(note_complaint);
	object = bpf_object__open_mem(bpf_object, bpf_object_size, &options);
	if (object == NULL)
		refuse("damaged", "the BPF programs can't be read: %s: %s", strerror(errno), complaint);
	choose_programs(tables, scope);
	tables->stripes = count_stripes();
	size_map("units", units);
	size_map("counts", units * tables->stripes);
	size_map("arguments", units * (watches > 0 ? watches : 1));
	for (int i = 0; i < PATH_TABLES; i++)
		size_map(path_tables[i], units * PATHS_OF_UNIT);
	size_map("peers", units * PEERS_OF_UNIT);
	const unsigned int option = scope;
	if (bpf_map__set_initial_value(map_of(".rodata.options"), &option, sizeof option) != 0)
		refuse("damaged", "the options of the BPF programs can't be set");
	int error = bpf_object__load(object);
	if (error != 0)
		refuse_load(-error);
	tables->state = memory_of(".bss.state");
	tables->units = memory_of("units");
	tables->counts = memory_of("counts");
	tables->arguments = memory_of("arguments");
	for (int i = 0; i < PATH_TABLES; i++)
		tables->paths[i] = bpf_map__fd(map_of(path_tables[i]));
	tables->peers = bpf_map__fd(map_of("peers"));
}

void attach_programs(void)
{
	struct bpf_program *program = NULL;
	bpf_object__for_each_program(program, object)
		if (bpf_program__autoload(program) && !role_of(program)->is_own && bpf_program__attach(program) == NULL)
			refuse("not-attached", "the kernel doesn't run the BPF program %s: %s", bpf_program__name(program),
			       strerror(errno));
}

static const struct bpf_program *own_program(const char *name)
{
	const struct bpf_program *program = bpf_object__find_program_by_name(object, name);
	if (program == NULL)
		refuse("damaged", "this program lacks %s", name);
	return program;
}

void enrol_setups(void)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);
	int error = bpf_prog_test_run_opts(bpf_program__fd(own_program("enrol")), &options);
	if (error != 0)
		refuse("not-accepted", "the kernel doesn't run the BPF program enrol: %s", strerror(-error));
}

int find_level(int directory)
{
	union bpf_iter_link_info info = {.cgroup = {.order = BPF_CGROUP_ITER_SELF_ONLY, .cgroup_fd = (__u32)directory}};
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info, .link_info_len = sizeof info);
	char byte = 0;
	struct bpf_link *link = bpf_program__attach_iter(own_program("level"), &options);
	if (link == NULL)
		return 0;
	int iterator = bpf_iter_create(bpf_link__fd(link));
	int is_found = iterator >= 0 && read(iterator, &byte, 1) >= 0;
	if (iterator >= 0)
		(void)close(iterator);
	(void)bpf_link__destroy(link);
	return is_found;
}

unsigned long long missed_runs(void)
{
	struct bpf_program *program = NULL;
	unsigned long long sum = 0;
	bpf_object__for_each_program(program, object) {
		struct bpf_prog_info info = {0};
		__u32 size = sizeof info;
		if (bpf_program__fd(program) >= 0 && bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0)
			sum += info.recursion_misses;
	}
	return sum;
}
