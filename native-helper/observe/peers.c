#include "peers.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "json.h"
#include "names.h"
#include "paths.h"

/* Prints the path of a UNIX socket; `@` stands for each NUL of an abstract one. */
static void print_socket_path(const struct peer_key *key, const struct place *base)
{
	char path[LONGEST_SOCKET_PATH + 1] = "";
	size_t size = key->length < LONGEST_SOCKET_PATH ? key->length : LONGEST_SOCKET_PATH;
	memcpy(path, key->address, size);
	if (path[0] != '\0') {
		print_name(base, path);
		return;
	}
	for (size_t i = 0; i < size; i++)
		path[i] = path[i] == '\0' ? '@' : path[i];
	print_text(path, size);
}

static void print_address(const struct peer_key *key, const struct place *base)
{
	char address[INET6_ADDRSTRLEN] = "";
	int is_ip = key->family == AF_INET || key->family == AF_INET6;
	if (key->family == AF_UNIX)
		print_socket_path(key, base);
	else if (is_ip && inet_ntop(key->family, key->address, address, sizeof address) != NULL)
		print_text(address, strlen(address));
	else
		print_text("", 0);
	printf(",\"port\":");
	if (is_ip && key->has_port)
		printf("%u", ntohs(key->port));
	else
		printf("null");
}

static void print_peer(const struct peer_key *key, const struct peer_value *value)
{
	printf("{\"use\":\"%s\",\"family\":%u,\"type\":%u,\"address\":", peer_use_names[key->use % PEER_USES], key->family, key->type);
	print_address(key, &value->base);
	printf(",\"count\":%llu", (unsigned long long)value->count);
	if (key->error != 0)
		printf(",\"errno\":%u", key->error);
	printf("}");
}

void print_peers(const struct tables *tables, unsigned int index)
{
	struct peer_key key, next;
	const void *before = NULL;
	int is_first = 1;
	printf(",\"peers\":[");
	while (bpf_map_get_next_key(tables->peers, before, &next) == 0) {
		struct peer_value value;
		key = next;
		before = &key;
		if (key.unit != index || bpf_map_lookup_elem(tables->peers, &key, &value) != 0)
			continue;
		print_comma(&is_first);
		print_peer(&key, &value);
	}
	printf("]");
}
