/*
 * Functions that Debian 13's libelf.a (0.192) refers to, and no archive has: they are of elfutils' own, and manage raw
 * chunks, which libbpf never asks for.
 */
void eu_search_tree_init(void *tree, int (*compare)(const void *, const void *));
void eu_search_tree_fini(void *tree, void (*release)(void *));

__attribute__((weak)) void eu_search_tree_init(void *tree, int (*compare)(const void *, const void *))
{
	(void)tree;
	(void)compare;
}

__attribute__((weak)) void eu_search_tree_fini(void *tree, void (*release)(void *))
{
	(void)tree;
	(void)release;
}
