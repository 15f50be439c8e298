/*
 * test_field_check.c - what Erlang's formulas are worth: a real bank's calls of January and October
 * 1999, half hour by half hour, with the people who were there inferred from when they answered.
 *
 * Calls are those of an anonymous bank (Technion; Guedj, Mandelbaum); the file lies beside the
 * project, not in it.
 */
#include "availability.h"
#include "erlang.h"
#include "test.h"

#include <math.h>
#include <time.h>

#define HALVES   (310 * 48) /* from January on */
#define AGENTS   128
#define AWAY     900.0 /* seconds without a call: not at the desk */
#define FEW      20    /* calls in a half hour say little about its mean wait */
#define FEWEST   2.0   /* agents */
#define INTERVAL 1800.0

struct half {
    double calls, answered, waited, waiting, left, seconds, heads;
};

static struct half halves[HALVES];
static double spell_begin[AGENTS], spell_end[AGENTS];
static double left_in_all, waited_in_all;

static void
end_spell(int agent)
{
    double begin = spell_begin[agent], end = spell_end[agent];

    for (int h = (int)(begin / INTERVAL); h < HALVES && h * INTERVAL < end; h++)
        halves[h].heads += (fmin(end, (h + 1) * INTERVAL) - fmax(begin, h * INTERVAL)) / INTERVAL;
}

static void
at_work(int agent, double begin, double end)
{
    if (spell_end[agent] > 0 && begin - spell_end[agent] > AWAY) {
        end_spell(agent);
        spell_end[agent] = 0;
    }
    if (!(spell_end[agent] > 0))
        spell_begin[agent] = begin;
    spell_end[agent] = fmax(spell_end[agent], end);
}

/* t,cust,priority,type,vru_time,q_time,outcome,ser_time,agent */
static void
take(const char *line)
{
    int y, mo, d, h, mi, s, vru, queue, served, agent;
    char outcome[16];
    struct tm t = {0};
    struct half *half;
    double at;

    if (sscanf(line, "%d-%d-%dT%d:%d:%d,%*d,%*d,%*[A-Z],%d,%d,%15[A-Z],%d,%d", &y, &mo, &d, &h, &mi,
               &s, &vru, &queue, outcome, &served, &agent) != 11 ||
        strcmp(outcome, "PHANTOM") == 0)
        return;
    t = (struct tm){.tm_mday = d, .tm_mon = mo - 1, .tm_year = 99};
    at = (double)(timegm(&t) - 915148800) + h * 3600 + mi * 60 + s + vru;
    half = &halves[(int)(at / INTERVAL)];
    half->calls++;
    half->waited += queue;
    half->waiting += queue > 0;
    half->left += strcmp(outcome, "HANG") == 0;
    if (agent > 0 && agent < AGENTS) {
        half->answered++;
        half->seconds += served;
        at_work(agent, at + queue, at + queue + served);
    }
}

static bool
counts(const struct half *h)
{
    return h->calls >= FEW && h->heads >= FEWEST && h->answered > 0;
}

static void
read_log(const char *path)
{
    FILE *f = fopen(path, "r");
    char line[256];

    CHECK(f != NULL);
    while (fgets(line, sizeof line, f))
        take(line);
    fclose(f);
    for (int a = 0; a < AGENTS; a++)
        if (spell_end[a] > 0)
            end_spell(a);
    for (int i = 0; i < HALVES; i++)
        if (counts(&halves[i])) {
            left_in_all += halves[i].left;
            waited_in_all += halves[i].waited;
        }
}

struct means { /* by call */
    double calls, wait, abandon, waiting;
};

static struct means
observed(void)
{
    struct means m = {0};

    for (int i = 0; i < HALVES; i++)
        if (counts(&halves[i])) {
            m.calls += halves[i].calls;
            m.wait += halves[i].waited;
            m.abandon += halves[i].left;
            m.waiting += halves[i].waiting;
        }
    m.wait /= m.calls;
    m.abandon /= m.calls;
    m.waiting /= m.calls;
    return m;
}

/* Between whole numbers of agents. */
static struct means
model_half(const struct half *h, double factor, double patience)
{
    double heads = h->heads * factor, low = floor(heads), part = heads - low;
    double aht = h->seconds / h->answered;
    struct erlang_impatient a = erlang_a(h->calls, INTERVAL, aht, patience, (unsigned)low, 20),
                            b = erlang_a(h->calls, INTERVAL, aht, patience, (unsigned)low + 1, 20);

    return (struct means){h->calls, a.mean_wait_s + part * (b.mean_wait_s - a.mean_wait_s),
                          a.prob_abandon + part * (b.prob_abandon - a.prob_abandon),
                          a.prob_wait + part * (b.prob_wait - a.prob_wait)};
}

static struct means
modelled(double factor, double patience, double *correlation)
{
    struct means all = {0};
    double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;

    for (int i = 0; i < HALVES; i++) {
        const struct half *h = &halves[i];
        struct means m;
        double seen;

        if (!counts(h))
            continue;
        m = model_half(h, factor, patience);
        all.calls += m.calls;
        all.wait += m.calls * m.wait;
        all.abandon += m.calls * m.abandon;
        all.waiting += m.calls * m.waiting;
        seen = h->waited / h->calls;
        n++;
        x += m.wait;
        y += seen;
        xx += m.wait * m.wait;
        yy += seen * seen;
        xy += m.wait * seen;
    }
    *correlation = (n * xy - x * y) / sqrt((n * xx - x * x) * (n * yy - y * y));
    return (struct means){all.calls, all.wait / all.calls, all.abandon / all.calls,
                          all.waiting / all.calls};
}

/* By offered utilisation, as in the table: who waits, how long, who gives up, seen and modelled.
 * Theirs are fewer half hours, with heads inferred in another way; so they agree about. */
struct bin {
    double low, high, calls, waiting[2], wait[2], abandon[2];
};

static struct bin
fill_bin(double low, double high, double patience)
{
    struct bin b = {.low = low, .high = high};

    for (int i = 0; i < HALVES; i++) {
        const struct half *h = &halves[i];
        double used;
        struct means m;

        if (!counts(h))
            continue;
        used = h->calls * h->seconds / h->answered / INTERVAL / h->heads;
        if (used <= low || used > high)
            continue;
        m = model_half(h, 1, patience);
        b.calls += h->calls;
        b.waiting[0] += h->waiting;
        b.waiting[1] += h->calls * m.waiting;
        b.wait[0] += h->waited;
        b.wait[1] += h->calls * m.wait;
        b.abandon[0] += h->left;
        b.abandon[1] += h->calls * m.abandon;
    }
    for (int k = 0; k < 2; k++) {
        b.waiting[k] /= b.calls;
        b.wait[k] /= b.calls;
        b.abandon[k] /= b.calls;
    }
    return b;
}

static void
check_bins(double patience)
{
    FILE *f = fopen(test_path("tests/data/ref/erlang_a_field_validation.csv"), "r");
    struct bin before = {0};
    char line[256];
    int rows = 0;

    CHECK(f && fgets(line, sizeof line, f)); /* the header */
    for (; fgets(line, sizeof line, f); rows++) {
        double low, high, n, agents, w[2], p[2], ab[2];
        struct bin b;

        CHECK_INT(sscanf(line, "\"(%lf, %lf]\",%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", &low, &high, &n,
                         &agents, &p[0], &p[1], &w[0], &w[1], &ab[0], &ab[1]),
                  10);
        b = fill_bin(low, high, patience);
        CHECK(b.calls > 3000 && n > 30 && agents > 2);
        CHECK(fabs(b.waiting[0] / p[0] - 1) < 0.25 && fabs(b.waiting[1] / p[1] - 1) < 0.12);
        CHECK(fabs(b.wait[0] / w[0] - 1) < 0.27 && fabs(b.wait[1] / w[1] - 1) < 0.21);
        CHECK(fabs(b.abandon[0] - ab[0]) < 0.027 && fabs(b.abandon[1] - ab[1]) < 0.017);
        /* What is seen gets worse with each row, and the model says so. */
        CHECK(b.waiting[0] > before.waiting[0] && b.waiting[1] > before.waiting[1]);
        CHECK(b.wait[0] > before.wait[0] && b.wait[1] > before.wait[1]);
        CHECK(b.abandon[0] > before.abandon[0] && b.abandon[1] > before.abandon[1]);
        before = b;
    }
    fclose(f);
    CHECK_INT(rows, 8);
}

TEST(erlang_a_and_one_factor_for_who_is_there_explain_a_real_call_centre)
{
    static struct availability_interval in[HALVES];
    const char *path = test_beside("shared/data/anonbank_calls_1999_jan_oct_pseudonymised.csv");
    double patience, correlation, overloaded = 0;
    struct means seen, plan, fitted;
    struct availability a;
    size_t n = 0;

    if (!path)
        test_skip("the real call log does not lie beside the project");
    read_log(path);
    patience = erlang_patience(waited_in_all, left_in_all);
    seen = observed();
    plan = modelled(1, patience, &correlation);
    for (int i = 0; i < HALVES; i++) {
        const struct half *h = &halves[i];

        if (!counts(h))
            continue;
        in[n++] =
            (struct availability_interval){h->calls, h->seconds / h->answered, h->heads, h->waited};
        overloaded += h->calls * (h->calls * h->seconds / h->answered / INTERVAL >= h->heads);
    }
    a = availability_fit(in, n, INTERVAL, patience);
    fitted = modelled(a.factor, patience, &correlation);
    CHECK(n > 1300 && seen.calls > 60000);
    /* As published for the same log: the plan alone is too good by a quarter, and Erlang C would
     * call a sixth of the calls' half hours overloaded. */
    CHECK(seen.wait > 30 && seen.wait < 34);
    CHECK(plan.wait > 0.65 * seen.wait && plan.wait < 0.85 * seen.wait);
    CHECK(overloaded / seen.calls > 0.12 && overloaded / seen.calls < 0.2);
    /* One factor, 0.90 there, makes good for it: for who hangs up, too, though it was not asked. */
    CHECK(a.factor > 0.87 && a.factor < 0.94);
    CHECK_NEAR(a.waited_s, seen.wait, 1e-9);
    CHECK(fabs(fitted.wait - seen.wait) < 0.01);
    CHECK(fabs(fitted.abandon - seen.abandon) < 0.01);
    CHECK(correlation > 0.65);
    check_bins(patience);
}
