/*
 * yardstick.c - the inner loop of the job with everything else left out, to measure callswell by.
 *
 * Usage: yardstick FILE.csv, as `callswell generate` writes it. One thread: separators by AVX2,
 * two timestamps, the reasons for which generated records are refused, duplicates by record id, a
 * (customer, hour) table prefetched in groups of 32, features as a mask, a HyperLogLog of people
 * per day and feature. No configuration, formats, ledger, Redis, memory limits or explanations.
 * Prints one line of JSON. Who runs it compares its counts with callswell's.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#ifdef __x86_64__
#include <immintrin.h>

#define CHUNK     (256 * 1024)
#define LONGEST   (64 * 1024) /* line */
#define GROUP     32
#define FEATURES  64
#define DAYS      128 /* whose sketches are kept apart */
#define REGISTERS 16384
#define MAX_NAME  128
#define LONGEST_S (31 * 86400)
#define AHEAD     300
#define NO_TIME   INT64_MIN

enum column {
    ID,
    KIND,
    CUSTOMER,
    CONFERENCE,
    PARTICIPANT,
    START,
    END,
    DURATION,
    OUTCOME,
    CAUSE,
    FEATURE_LIST,
    SERVICE,
    REGION,
    WAIT,
    HANDLE,
    AGENT,
    COLUMNS
};

struct text {
    const char *p;
    size_t n;
};

struct record {
    uint64_t id, customer, person, mask; /* hashes; a bit per feature */
    int64_t start;
    uint32_t seconds;
    int ok;
};

struct cell {
    uint64_t key; /* customer and hour; 0 is free */
    uint32_t legs, failed;
    uint64_t seconds;
};

struct job {
    uint64_t records, accepted, duplicates, refused;
    int64_t latest;
    struct record group[GROUP];
    size_t grouped;
    uint64_t *seen, seen_mask;
    struct cell *cells;
    uint64_t cells_mask, cells_used;
    uint64_t uses[DAYS][FEATURES][2];
    uint8_t *registers[DAYS][FEATURES];
    char names[FEATURES][MAX_NAME]; /* of features */
    size_t name_count;
    struct {
        uint64_t hash, mask;
    } lists[256];  /* feature lists seen lately */
    char date[10]; /* the last one read, and its day */
    int64_t day;
};

static void *
zeroed(size_t count, size_t size)
{
    void *p = calloc(count, size);

    if (!p)
        abort();
    return p;
}

/* --- times --- */

static int
number(const char *p, size_t n, int64_t *out)
{
    int64_t v = 0;

    if (n == 0 || n > 18)
        return 0;
    for (size_t i = 0; i < n; i++) {
        unsigned d = (unsigned char)p[i] - '0';

        if (d > 9)
            return 0;
        v = v * 10 + d;
    }
    *out = v;
    return 1;
}

static unsigned
two(const char *p)
{
    unsigned a = (unsigned char)p[0] - '0', b = (unsigned char)p[1] - '0';

    return a > 9 || b > 9 ? 1000 : a * 10 + b;
}

/* Howard Hinnant's days_from_civil for years after 0. */
static int64_t
day_number(unsigned y, unsigned m, unsigned d)
{
    unsigned from_march = m > 2 ? m - 3 : m + 9, of_era, year = y - (m <= 2);

    of_era = year % 400 * 365 + year % 400 / 4 - year % 400 / 100 + (153 * from_march + 2) / 5;
    return (int64_t)(year / 400) * 146097 + of_era + d - 1 - 719468;
}

static int64_t
read_time(struct job *job, struct text t)
{
    int64_t v, east = 0;
    const char *p = t.p, *end = t.p + t.n;
    unsigned h, m, s;

    if (t.n < 20 || p[4] != '-') {
        if (!number(p, t.n, &v))
            return NO_TIME;
        return v >= 100000000000000 ? v / 1000000 : v >= 100000000000 ? v / 1000 : v;
    }
    if (memcmp(job->date, p, 10) != 0) {
        unsigned year = two(p) * 100 + two(p + 2), month = two(p + 5), day = two(p + 8);

        if (year > 9999 || month - 1 > 11 || day - 1 > 30 || p[7] != '-')
            return NO_TIME;
        memcpy(job->date, p, 10);
        job->day = day_number(year, month, day);
    }
    h = two(p + 11), m = two(p + 14), s = two(p + 17);
    if (h > 23 || m > 59 || s > 60 || p[10] != 'T' || p[13] != ':' || p[16] != ':')
        return NO_TIME;
    p += 19;
    if (*p == '.')
        for (p++; p < end && *p >= '0' && *p <= '9';)
            p++;
    if (end - p == 6) {
        east = two(p + 1) * 3600 + two(p + 4) * 60;
        east = *p == '-' ? -east : east;
    } else if (end - p != 1 || *p != 'Z') {
        return NO_TIME;
    }
    return job->day * 86400 + h * 3600 + m * 60 + s - east;
}

/* --- what makes a record --- */

static int
same(struct text t, const char *word)
{
    return t.n == strlen(word) && memcmp(t.p, word, t.n) == 0;
}

/* 1: ok, 0: any of the failures, -1: not known. */
static int
read_outcome(struct text t)
{
    static const char *const good[] = {"completed", "answered", "success", "dropped"};
    static const char *const bad[] = {"failed",    "rejected",  "abandoned", "busy",
                                      "no_answer", "cancelled", "full"};

    if (t.n == 0 || same(t, "ok"))
        return 1;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (same(t, good[i]))
            return 1;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (same(t, bad[i]))
            return 0;
    return -1;
}

/* UTF-8 without control characters; overlong forms are none of the generator's mistakes. */
static int
is_name(struct text t)
{
    size_t follow = 0;

    if (t.n == 0 || t.n > MAX_NAME)
        return 0;
    for (size_t i = 0; i < t.n; i++) {
        unsigned char c = (unsigned char)t.p[i];

        if ((c < 0x20 && follow == 0) || (follow > 0) != ((c & 0xC0) == 0x80) || c > 0xF4)
            return 0;
        if (follow > 0)
            follow--;
        else
            follow = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
    }
    return follow == 0;
}

static unsigned
feature_number(struct job *job, const char *p, size_t n)
{
    unsigned i = 0;

    for (; i < job->name_count; i++)
        if (strlen(job->names[i]) == n && memcmp(job->names[i], p, n) == 0)
            return i;
    if (i == FEATURES || n >= MAX_NAME)
        abort();
    memcpy(job->names[i], p, n);
    job->name_count++;
    return i;
}

static uint64_t
read_features(struct job *job, struct text t)
{
    uint64_t hash = XXH3_64bits(t.p, t.n), mask = 0;
    size_t from = 0;

    if (t.n == 0)
        return 0;
    if (job->lists[hash & 255].hash == hash)
        return job->lists[hash & 255].mask;
    for (size_t i = 0; i <= t.n; i++)
        if (i == t.n || t.p[i] == ';') {
            mask |= UINT64_C(1) << feature_number(job, t.p + from, i - from);
            from = i + 1;
        }
    job->lists[hash & 255].hash = hash;
    job->lists[hash & 255].mask = mask;
    return mask;
}

/* Start and seconds out of two or three of start, end and duration. */
static int
read_span(struct job *job, const struct text *f, struct record *r)
{
    int64_t end = NO_TIME, seconds = -1;

    r->start = NO_TIME;
    if (f[DURATION].n > 0 && !number(f[DURATION].p, f[DURATION].n, &seconds))
        return 0;
    if (f[START].n > 0 && (r->start = read_time(job, f[START])) == NO_TIME)
        return 0;
    if (f[END].n > 0 && (end = read_time(job, f[END])) == NO_TIME)
        return 0;
    if (r->start == NO_TIME) {
        if (end == NO_TIME || seconds < 0)
            return 0;
        r->start = end - seconds;
    }
    if (seconds < 0)
        seconds = end == NO_TIME ? 0 : end - r->start;
    r->seconds = (uint32_t)seconds;
    return seconds >= 0 && seconds <= LONGEST_S && r->start > 0 && r->start <= job->latest &&
           (end == NO_TIME || end >= r->start);
}

static int
read_record(struct job *job, const struct text *f, struct record *r)
{
    r->ok = read_outcome(f[OUTCOME]);
    if (r->ok < 0 || !is_name(f[CUSTOMER]) || !read_span(job, f, r))
        return 0;
    r->id = XXH3_64bits(f[ID].p, f[ID].n) | 1;
    r->customer = XXH3_64bits(f[CUSTOMER].p, f[CUSTOMER].n);
    r->person = XXH3_64bits(f[PARTICIPANT].p, f[PARTICIPANT].n);
    r->mask = read_features(job, f[FEATURE_LIST]);
    return 1;
}

/* --- counting --- */

static uint64_t
cell_key(const struct record *r)
{
    return (r->customer ^ (uint64_t)(r->start / 3600) * UINT64_C(0x9E3779B97F4A7C15)) | 1;
}

static uint64_t
cell_place(const struct job *job, uint64_t key)
{
    return key >> 20 & job->cells_mask;
}

static struct cell *
find_cell(struct job *job, uint64_t key)
{
    uint64_t i = cell_place(job, key);

    while (job->cells[i].key != key && job->cells[i].key != 0)
        i = (i + 1) & job->cells_mask;
    return &job->cells[i];
}

static void
grow_cells(struct job *job)
{
    struct cell *old = job->cells;
    uint64_t places = job->cells_mask + 1;

    job->cells_mask = places * 2 - 1;
    job->cells = zeroed(places * 2, sizeof *job->cells);
    for (uint64_t i = 0; i < places; i++)
        if (old[i].key)
            *find_cell(job, old[i].key) = old[i];
    free(old);
}

static int
seen_before(struct job *job, uint64_t id)
{
    uint64_t i = id >> 8 & job->seen_mask;

    for (; job->seen[i] != 0; i = (i + 1) & job->seen_mask)
        if (job->seen[i] == id)
            return 1;
    job->seen[i] = id;
    return 0;
}

static uint8_t *
sketch_place(struct job *job, const struct record *r, unsigned feature)
{
    uint8_t **registers = &job->registers[(size_t)(r->start / 86400) % DAYS][feature];

    if (!*registers)
        *registers = zeroed(REGISTERS, 1);
    return *registers + (r->person >> 50);
}

static void
count_features(struct job *job, const struct record *r)
{
    uint8_t rank = (uint8_t)(__builtin_clzll(r->person << 14 | 1 << 13) + 1);

    for (uint64_t left = r->mask; left; left &= left - 1) {
        unsigned f = (unsigned)__builtin_ctzll(left);
        uint8_t *place = sketch_place(job, r, f);

        job->uses[(size_t)(r->start / 86400) % DAYS][f][r->ok]++;
        *place = *place < rank ? rank : *place;
    }
}

static void
count_record(struct job *job, const struct record *r)
{
    struct cell *c;

    if (seen_before(job, r->id)) {
        job->duplicates++;
        return;
    }
    job->accepted++;
    c = find_cell(job, cell_key(r));
    if (!c->key) {
        c->key = cell_key(r);
        job->cells_used++;
    }
    c->legs += (uint32_t)r->ok;
    c->failed += (uint32_t)!r->ok;
    c->seconds += r->ok ? r->seconds : 0;
    if (r->mask)
        count_features(job, r);
}

static void
count_group(struct job *job)
{
    for (size_t i = 0; i < job->grouped; i++) {
        const struct record *r = &job->group[i];

        __builtin_prefetch(&job->seen[r->id >> 8 & job->seen_mask], 1);
        __builtin_prefetch(&job->cells[cell_place(job, cell_key(r))], 1);
        if (r->mask) /* of the others, if there are, the second one waits */
            __builtin_prefetch(sketch_place(job, r, (unsigned)__builtin_ctzll(r->mask)), 1);
    }
    for (size_t i = 0; i < job->grouped; i++)
        count_record(job, &job->group[i]);
    job->grouped = 0;
    if ((job->cells_used + GROUP) * 2 > job->cells_mask)
        grow_cells(job);
}

static void
take_line(struct job *job, const struct text *f, size_t columns)
{
    job->records++;
    if (columns != COLUMNS || !read_record(job, f, &job->group[job->grouped])) {
        job->refused++;
        return;
    }
    if (++job->grouped == GROUP)
        count_group(job);
}

/* --- splitting --- */

/* A line with quotes, or too short. Answers where the next one begins, or NULL if it goes on. */
static const char *
take_unusual(struct job *job, const char *p, const char *end)
{
    static char plain[LONGEST];
    struct text f[COLUMNS];
    size_t n = 0, columns = 0, from = 0;
    int quoted = 0;

    for (; p < end && n < sizeof plain; p++) {
        if (*p == '"' && quoted && p + 1 < end && p[1] == '"') {
            plain[n++] = *p++;
        } else if (*p == '"') {
            quoted = !quoted;
        } else if (!quoted && (*p == ',' || *p == '\n')) {
            if (columns < COLUMNS)
                f[columns] = (struct text){plain + from, n - from};
            columns++;
            from = n;
            if (*p == '\n') {
                take_line(job, f, columns);
                return p + 1;
            }
        } else {
            plain[n++] = *p;
        }
    }
    return NULL;
}

__attribute__((target("avx2"))) static inline uint64_t
separators(const char *p)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)p);
    __m256i comma = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(','));
    __m256i line = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\n'));
    __m256i quote = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));

    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(comma, line), quote));
}

/* Writes some places too many each time, which is cheaper than a branch for each. */
__attribute__((target("avx2,bmi,popcnt"))) static size_t
find_separators(const char *p, size_t n, uint32_t *at)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i += 64) {
        uint64_t bits = separators(p + i) | separators(p + i + 32) << 32;
        int count;

        if (n - i < 64)
            bits &= (UINT64_C(1) << (n - i)) - 1;
        count = __builtin_popcountll(bits);
        for (int done = 0; done < count; done += 8)
            for (int k = 0; k < 8; k++, bits &= bits - 1)
                at[found + (size_t)(done + k)] = (uint32_t)(i + _tzcnt_u64(bits));
        found += (size_t)count;
    }
    return found;
}

/* Takes whole lines; answers how many bytes they are. */
static size_t
take_chunk(struct job *job, const char *p, size_t n)
{
    static uint32_t at[CHUNK + LONGEST + 8];
    size_t count = find_separators(p, n, at), k = 0, from = 0;
    struct text f[COLUMNS];
    const char *next;

    for (;;) {
        unsigned odd = k + COLUMNS > count;
        size_t begin = from;

        for (int i = 0; !odd && i < COLUMNS; i++) {
            f[i] = (struct text){p + begin, at[k + (size_t)i] - begin};
            begin = at[k + (size_t)i] + 1;
            odd |= p[begin - 1] != (i + 1 < COLUMNS ? ',' : '\n');
        }
        if (!odd) {
            take_line(job, f, COLUMNS);
            k += COLUMNS;
            from = begin;
            continue;
        }
        next = take_unusual(job, p + from, p + n);
        if (!next)
            return from;
        from = (size_t)(next - p);
        while (k < count && at[k] < from)
            k++;
    }
}

static void
take_file(struct job *job, int fd)
{
    static char room[LONGEST + CHUNK + 64]; /* read, never believed, beyond its end */
    size_t kept = 0, taken, skip;
    ssize_t got;

    for (int first = 1; (got = read(fd, room + kept, CHUNK)) > 0; first = 0) {
        size_t n = kept + (size_t)got;
        const char *head = first ? memchr(room, '\n', n) : NULL;

        skip = head ? (size_t)(head - room) + 1 : 0;
        taken = skip + take_chunk(job, room + skip, n - skip);
        kept = n - taken;
        if (kept > LONGEST)
            abort();
        memmove(room, room + taken, kept);
    }
    count_group(job);
}

int
main(int argc, char **argv)
{
    int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    struct job *job = zeroed(1, sizeof *job);
    struct rusage u;
    struct stat st;
    uint64_t sum = 0;

    if (fd < 0 || fstat(fd, &st) != 0) {
        fprintf(stderr, "usage: yardstick FILE.csv\n");
        return 64;
    }
    if (!__builtin_cpu_supports("avx2")) {
        fprintf(stderr, "yardstick: this processor has no AVX2\n");
        return 69;
    }
    job->latest = time(NULL) + AHEAD;
    for (job->seen_mask = 1; job->seen_mask < (uint64_t)st.st_size / 64;)
        job->seen_mask *= 2; /* at least two places a record */
    job->seen = zeroed(job->seen_mask--, sizeof *job->seen);
    job->cells_mask = (1 << 16) - 1;
    job->cells = zeroed(job->cells_mask + 1, sizeof *job->cells);
    take_file(job, fd);
    for (uint64_t i = 0; i <= job->cells_mask; i++)
        sum += job->cells[i].legs + job->cells[i].failed;
    if (sum != job->accepted)
        abort();
    getrusage(RUSAGE_SELF, &u);
    printf("{\"records\":%llu,\"accepted\":%llu,\"duplicates\":%llu,\"quarantined\":%llu,"
           "\"cells\":%llu,\"cpu_seconds\":%.6f,\"peak_kilobytes\":%ld}\n",
           (unsigned long long)job->records, (unsigned long long)job->accepted,
           (unsigned long long)job->duplicates, (unsigned long long)job->refused,
           (unsigned long long)job->cells_used,
           (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
               (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6,
           u.ru_maxrss);
    return 0;
}

#else

int
main(void)
{
    fprintf(stderr, "yardstick: only for x86-64\n");
    return 69;
}

#endif
