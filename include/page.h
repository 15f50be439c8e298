/*
 * page.h - the web page's files, embedded by packaging/page.sh from daemon/web.
 */
#ifndef PAGE_H
#define PAGE_H

#include <stddef.h>

struct page_file {
    const char *name; /* "app.js"; "index.html" is the page itself */
    const char *type; /* what Content-Type says */
    const char *etag; /* weak: compressed or not, it is one */
    const char *gzip; /* one gzip member */
    unsigned long size;
};

extern const struct page_file page_files[];
extern const size_t page_file_count;

#endif
