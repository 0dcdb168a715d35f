/* generator-pieces sum FILE | manifest FILE | names UNIT: what the generator makes of a file, or of a unit's name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generator/manifest.h"
#include "generator/sha256.h"
#include "generator/unit-name.h"

static char bytes[1 << 20];

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	if (strcmp(argv[1], "names") == 0) {
		static struct names names;
		if (!is_service_name(argv[2]) || !names_add_with_drop_ins(&names, argv[2]))
			return 1;
		for (size_t i = 0; i < names.count; i++)
			puts(names.list[i]);
		return 0;
	}
	FILE *file = fopen(argv[2], "r");
	if (file == NULL)
		return 1;
	size_t size = fread(bytes, 1, sizeof bytes - 1, file);
	fclose(file);
	if (strcmp(argv[1], "sum") == 0) {
		char text[SHA256_TEXT];
		sha256_text(bytes, size, text);
		puts(text);
		return 0;
	}
	static struct manifest manifest;
	bytes[size] = '\0';
	const char *reason = manifest_parse(bytes, &manifest);
	if (reason != NULL) {
		puts(reason);
		return 0;
	}
	for (size_t i = 0; i < manifest.file_count; i++)
		printf("%o %s %s\n", manifest.files[i].mode, manifest.files[i].sum, manifest.files[i].path);
	for (size_t i = 0; i < manifest.made_for_count; i++)
		printf("%s %s\n", manifest.made_for[i].sum, manifest.made_for[i].path);
	for (size_t i = 0; i < manifest.of_instances_count; i++)
		printf("instance %s %s\n", manifest.of_instances[i].sum, manifest.of_instances[i].path);
	if (manifest.runs_if_changed)
		puts("runs if changed");
	return 0;
}
