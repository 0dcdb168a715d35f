/* SHA-256 (FIPS 180-4). Pure. */
#ifndef SANDBOX_UNIT_SHA256_H
#define SANDBOX_UNIT_SHA256_H

#include <stddef.h>

#define SHA256_TEXT 65 /* 64 hex digits and a NUL */

/* The digest of some bytes, in lower-case hex. */
void sha256_text(const void *bytes, size_t size, char text[SHA256_TEXT]);

#endif
