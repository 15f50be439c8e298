/*
 * engine_reload.c - rules as the workers use them, and another configuration while all runs.
 *
 * A configuration that was in use is kept by its owner to the end: whoever began something with it
 * may finish. The rules are counted, and each worker takes the new ones over between two blocks.
 */
#include <stdlib.h>

#include "engine_internal.h"

enum status
ruleset_new(struct ruleset **out, const struct config *c, struct error *err)
{
    struct rule_option *services = xcalloc(c->service_count + 1, sizeof *services);
    struct ruleset *r = xcalloc(1, sizeof *r);
    size_t patterns = 0, derived = 0;
    enum status st = ST_OK;

    r->workload = xcalloc(c->service_count + 1, sizeof *r->workload);
    for (size_t i = 0; i < c->service_count; i++) {
        const struct config_service *s = &c->services[i];

        if (s->match && strncmp(s->match, "feature:", 8) == 0)
            r->workload[derived++] = (struct workload_rule){
                .feature = span_str(s->match + 8),
                .service = span_str(s->name),
            };
        else if (s->match && s->match[0])
            services[patterns++] = (struct rule_option){.name = s->name, .match = s->match};
    }
    r->references = 1;
    r->aggregate = (struct aggregate_options){r->workload, derived, c->why_dimensions};
    if (patterns)
        st = rules_new(&r->services, services, patterns, err);
    if (st == ST_OK && c->feature_count)
        st = rules_new(&r->features, c->features, c->feature_count, err);
    free(services);
    if (st == ST_OK)
        *out = r;
    else
        ruleset_unref(r);
    return st;
}

struct ruleset *
ruleset_ref(struct ruleset *r)
{
    atomic_fetch_add(&r->references, 1);
    return r;
}

void
ruleset_unref(struct ruleset *r)
{
    if (!r || atomic_fetch_sub(&r->references, 1) != 1)
        return;
    rules_free(r->features);
    rules_free(r->services);
    free(r->workload);
    free(r);
}

void
worker_renew_rules(struct worker *w, struct ruleset *rules)
{
    classifier_free(w->features);
    classifier_free(w->services);
    ruleset_unref(w->rules);
    w->rules = rules;
    w->features = classifier_new(rules->features);
    w->services = classifier_new(rules->services);
}

enum status
engine_reload(struct engine *e, const struct config *wanted, struct error *err)
{
    struct ruleset *made, *old;
    enum status st = ruleset_new(&made, wanted, err);

    if (st == ST_OK && e->analyst)
        st = analyst_reload(e->analyst, wanted, err);
    if (st != ST_OK)
        return st;
    pthread_mutex_lock(&e->lock);
    old = e->rules;
    e->rules = made;
    e->config = wanted;
    e->analysis_wanted = e->analyst != NULL; /* services and segments may be others */
    pthread_cond_broadcast(&e->committed);
    engine_wake_room(e);
    pthread_mutex_unlock(&e->lock);
    ruleset_unref(old);
    return ST_OK;
}
