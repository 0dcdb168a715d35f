#include "dump.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "names.h"
#include "paths.h"
#include "peers.h"

static double seconds_of(__u32 tenths)
{
	return tenths / 10.0;
}

static void print_number(unsigned int call)
{
	unsigned int abi = call / SLOTS, number = call % SLOTS;
#ifndef __x86_64__
	if (abi == ABI_COMPAT && number >= SLOTS - ARM_PRIVATE_SLOTS)
		number += ARM_PRIVATE - SLOTS + ARM_PRIVATE_SLOTS;
#endif
	printf("\"abi\":\"%s\",\"nr\":%u", abi_names[abi], number);
}

static void print_call(const struct tables *tables, unsigned int index, unsigned int call)
{
	const struct seen *seen = &tables->units[index].seen[call];
	int is_first = 1;
	printf("{");
	print_number(call);
	printf(",\"first\":%.1f,\"last\":%.1f,\"slices\":%u,\"counts\":[", seconds_of(seen->first - 1), seconds_of(seen->last),
	       seen->slices);
	for (int phase = 0; phase < PHASES; phase++) {
		unsigned long long count = 0;
		for (unsigned int stripe = 0; stripe < tables->stripes; stripe++)
			count += tables->counts[index * tables->stripes + stripe].of[call][phase];
		print_comma(&is_first);
		printf("%llu", count);
	}
	printf("],\"programs\":%u,\"onceReady\":%u}", seen->programs, seen->once_ready);
}

static void print_calls(const struct tables *tables, unsigned int index)
{
	int is_first = 1;
	printf(",\"calls\":[");
	for (unsigned int call = 0; call < CALLS; call++) {
		if (tables->units[index].seen[call].first == 0)
			continue;
		print_comma(&is_first);
		print_call(tables, index, call);
	}
	printf("]");
}

static void print_programs(const struct unit *unit)
{
	int is_first = 1;
	printf(",\"programs\":[");
	for (int i = 0; i < PROGRAMS && unit->program_keys[i] != 0; i++) {
		print_comma(&is_first);
		printf("{\"path\":");
		print_name(&unit->programs[i].place, "");
		printf(",\"phases\":%u}", unit->programs[i].phases);
	}
	printf("]");
}

static void print_value(const struct watch *watch, __u64 value)
{
	if (watch->second == NO_ARGUMENT)
		printf("[\"%llu\"]", (unsigned long long)value);
	else
		printf("[\"%llu\",\"%llu\"]", (unsigned long long)value >> 32, (unsigned long long)value & 0xffffffff);
}

static void print_argument(const struct watch *watch, unsigned int number, const struct set *set)
{
	int is_first = 1;
	printf("{\"watch\":%u,\"phases\":%u,\"values\":[", number, set->phases);
	for (int i = 0; i < VALUES && set->keys[i] != 0; i++) {
		print_comma(&is_first);
		print_value(watch, value_of(set->keys[i]));
	}
	printf("],\"lost\":%u}", set->lost);
}

static void print_arguments(const struct request *request, const struct tables *tables, unsigned int index)
{
	int is_first = 1;
	printf(",\"arguments\":[");
	for (unsigned int i = 0; i < request->watch_count; i++) {
		const struct set *set = &tables->arguments[index * request->watch_count + i];
		if (set->phases == 0)
			continue;
		print_comma(&is_first);
		print_argument(&request->watches[i], i, set);
	}
	printf("]");
}

/* Takes the fields of a key apart: call_key(). */
static void print_key(__u64 key)
{
	printf("\"abi\":\"%s\",\"nr\":%u", abi_names[(key >> 48 & 0xff) % ABIS], (__u32)(key >> 16));
}

static void print_refused(const struct unit *unit)
{
	int is_first = 1;
	printf(",\"refused\":[");
	for (int i = 0; i < REFUSALS && unit->refusal_keys[i] != 0; i++) {
		print_comma(&is_first);
		printf("{");
		print_key(unit->refusal_keys[i]);
		printf(",\"errno\":%u,\"count\":%llu,\"programs\":%u", (__u16)unit->refusal_keys[i],
		       (unsigned long long)unit->refusals[i].count, unit->refusals[i].programs);
		if (unit->refusal_keys[i] & FAILED)
			printf(",\"failed\":true");
		if (unit->refusal_keys[i] & UNCERTAIN)
			printf(",\"certain\":false");
		if (unit->refusal_keys[i] & BEFORE)
			printf(",\"before\":true");
		printf("}");
	}
	printf("]");
}

static void print_asked(unsigned int capability, int is_granted, const struct asked *asked)
{
	int is_first = 1;
	printf("{\"capability\":%u,\"granted\":%s,\"count\":%llu,\"calls\":[", capability, is_granted ? "true" : "false",
	       (unsigned long long)asked->count);
	for (unsigned int call = 0; call < CALLS; call++) {
		if ((asked->calls[call / 64] >> call % 64 & 1) == 0)
			continue;
		print_comma(&is_first);
		printf("{");
		print_number(call);
		printf("}");
	}
	printf("],\"lost\":%u}", asked->lost);
}

static void print_capabilities(const struct unit *unit)
{
	int is_first = 1;
	printf(",\"capabilities\":[");
	for (unsigned int i = 0; i < CAPABILITIES; i++)
		for (int is_granted = 0; is_granted < 2; is_granted++) {
			if (unit->asked[i][is_granted].count == 0)
				continue;
			print_comma(&is_first);
			print_asked(i, is_granted, &unit->asked[i][is_granted]);
		}
	printf("]");
}

/* Prints the values of a set, each between `quote`s. */
static void print_set(const char *name, const struct set *set, const char *quote)
{
	int is_first = 1;
	printf(",\"%s\":[", name);
	for (int i = 0; i < VALUES && set->keys[i] != 0; i++) {
		print_comma(&is_first);
		printf("%s%llu%s", quote, (unsigned long long)value_of(set->keys[i]), quote);
	}
	printf("]");
}

static void print_lost(const struct unit *unit, unsigned long long misses)
{
	int is_first = 1;
	printf(",\"lost\":{");
	for (int i = 0; i < LOSSES; i++) {
		if (unit->lost[i] == 0)
			continue;
		print_comma(&is_first);
		printf("\"%s\":%llu", lost_names[i], (unsigned long long)unit->lost[i]);
	}
	if (misses > 0) {
		print_comma(&is_first);
		printf("\"misses\":%llu", misses);
	}
	printf("}");
}

void print_blind(const struct tables *tables)
{
	int is_first = 1;
	printf("[");
	for (unsigned int i = 0; i < tables->blind_count; i++) {
		print_comma(&is_first);
		printf("\"%s\"", tables->blind[i]);
	}
	printf("]");
}

void print_unit(const struct request *request, const struct tables *tables, unsigned int index)
{
	const struct unit *unit = &tables->units[index];
	printf("{\"dump\":%u,\"lives\":%u,\"slices\":%u", index, unit->lives, tables->state->watched.slice);
	print_programs(unit);
	print_calls(tables, index);
	print_arguments(request, tables, index);
	print_refused(unit);
	print_paths(tables, index);
	print_peers(tables, index);
	print_capabilities(unit);
	print_set("forkFlags", &unit->fork_flags, "\"");
	print_set("modes", &unit->modes, "");
	print_set("ringOperations", &unit->ring_operations, "");
	print_lost(unit, missed_runs());
	printf(",\"blind\":");
	print_blind(tables);
	printf("}\n");
}

void print_tick(const struct tables *tables)
{
	const struct watched *watched = &tables->state->watched;
	unsigned long long misses = missed_runs();
	int is_first = 1;
	printf("{\"tick\":{\"units\":[");
	for (unsigned int i = 0; i < watched->units; i++) {
		const struct unit *unit = &tables->units[i];
		unsigned long long lost = misses;
		unsigned int calls = 0;
		for (unsigned int call = 0; call < CALLS; call++)
			calls += unit->seen[call].first != 0;
		for (int table = 0; table < LOSSES; table++)
			lost += unit->lost[table];
		print_comma(&is_first);
		printf("{\"calls\":%u,\"lost\":%llu,\"lives\":%u,\"refused\":%llu}", calls, lost, unit->lives,
		       (unsigned long long)unit->refused);
	}
	printf("]}}\n");
}
