/* A tree of path segments. A literal segment wins over one with a suffix ("{repository}.git"), that
 * over a bare {parameter}, and {rest...} comes last; a path whose first choice does not know the
 * method tries the next. */
#include "net/http_internal.h"
#include <string.h>

#define PARAMETERS_MAX 16

typedef struct Node Node;

typedef struct {
    char *suffix; /* "" for a bare {parameter} */
    Node *node;
} Parameter;

struct Node {
    GHashTable *literals;  /* segment → Node */
    GPtrArray *parameters; /* Parameter, longest suffix first */
    GPtrArray *entries;    /* RouteEntry that end here */
    GPtrArray *rests;      /* RouteEntry that take what is left */
};

struct HttpRouter {
    Node *root;
    GPtrArray *entries;
};

static Node *node_new(void);

static void entry_free(void *data)
{
    RouteEntry *entry = data;

    g_strfreev((char **)entry->names);
    g_free(entry);
}

static void node_free(void *data)
{
    Node *node = data;

    g_hash_table_unref(node->literals);
    g_ptr_array_unref(node->parameters);
    g_ptr_array_unref(node->entries);
    g_ptr_array_unref(node->rests);
    g_free(node);
}

static void parameter_free(void *data)
{
    Parameter *parameter = data;

    g_free(parameter->suffix);
    node_free(parameter->node);
    g_free(parameter);
}

static Node *node_new(void)
{
    Node *node = g_new0(Node, 1);

    node->literals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, node_free);
    node->parameters = g_ptr_array_new_with_free_func(parameter_free);
    node->entries = g_ptr_array_new();
    node->rests = g_ptr_array_new();
    return node;
}

HttpRouter *http_router_new(void)
{
    HttpRouter *router = g_new0(HttpRouter, 1);

    router->root = node_new();
    router->entries = g_ptr_array_new_with_free_func(entry_free);
    return router;
}

void http_router_free(HttpRouter *router)
{
    node_free(router->root);
    g_ptr_array_unref(router->entries);
    g_free(router);
}

static int longer_suffix_first(const void *a, const void *b)
{
    const Parameter *const *left = a, *const *right = b;

    return (int)strlen((*right)->suffix) - (int)strlen((*left)->suffix);
}

static Node *parameter_child(Node *node, const char *suffix)
{
    Parameter *parameter;

    for (guint i = 0; i < node->parameters->len; i++) {
        parameter = node->parameters->pdata[i];
        if (g_str_equal(parameter->suffix, suffix))
            return parameter->node;
    }
    parameter = g_new0(Parameter, 1);
    parameter->suffix = g_strdup(suffix);
    parameter->node = node_new();
    g_ptr_array_add(node->parameters, parameter);
    g_ptr_array_sort(node->parameters, longer_suffix_first);
    return parameter->node;
}

static Node *literal_child(Node *node, const char *segment)
{
    Node *child = g_hash_table_lookup(node->literals, segment);

    if (!child) {
        child = node_new();
        g_hash_table_insert(node->literals, g_strdup(segment), child);
    }
    return child;
}

static void add_entry(GPtrArray *entries, RouteEntry *entry)
{
    for (guint i = 0; i < entries->len; i++) {
        const RouteEntry *other = entries->pdata[i];

        if (g_str_equal(other->route->method, entry->route->method))
            g_error("two routes for %s %s", entry->route->method, entry->route->path);
    }
    g_ptr_array_add(entries, entry);
}

static void add_route(HttpRouter *router, const Route *route, void *room)
{
    g_auto(GStrv) segments = NULL;
    GPtrArray *names = g_ptr_array_new();
    RouteEntry *entry = g_new0(RouteEntry, 1);
    Node *node = router->root;
    gboolean rest = FALSE;

    g_assert(route->path[0] == '/');
    segments = g_strsplit(route->path + 1, "/", -1);
    for (guint i = 0; segments[i]; i++) {
        const char *close = segments[i][0] == '{' ? strchr(segments[i], '}') : NULL;

        g_assert(!rest); /* {rest...} ends a path */
        if (!close) {
            node = literal_child(node, segments[i]);
            continue;
        }
        if (g_str_has_suffix(segments[i], "...}")) {
            g_ptr_array_add(names, g_strndup(segments[i] + 1, strlen(segments[i]) - 5));
            rest = TRUE;
            continue;
        }
        g_ptr_array_add(names, g_strndup(segments[i] + 1, (gsize)(close - segments[i] - 1)));
        node = parameter_child(node, close + 1);
    }
    g_assert(names->len <= PARAMETERS_MAX);
    g_ptr_array_add(names, NULL);
    entry->names = (const char **)g_ptr_array_free(names, FALSE);
    entry->route = route;
    entry->room = room;
    g_ptr_array_add(router->entries, entry);
    add_entry(rest ? node->rests : node->entries, entry);
}

void http_router_add(HttpRouter *router, const Route *routes, void *room)
{
    for (; routes->method; routes++)
        add_route(router, routes, room);
}

typedef struct {
    Arena *arena;
    const char *method;
    const char **captured;
    guint count; /* of captured */
    const char *allow;
    RouteEntry *found;
} Search;

static gboolean take_method(Search *search, const GPtrArray *entries)
{
    RouteEntry *any = NULL;

    for (guint i = 0; i < entries->len; i++) {
        RouteEntry *entry = entries->pdata[i];

        if (g_str_equal(entry->route->method, search->method)) {
            search->found = entry;
            return TRUE;
        }
        if (g_str_equal(entry->route->method, "*"))
            any = entry;
    }
    search->found = any;
    for (guint i = 0; !any && i < entries->len; i++) {
        const RouteEntry *entry = entries->pdata[i];

        search->allow =
            arena_printf(search->arena, "%s%s%s%s", search->allow ? search->allow : "",
                         search->allow ? "," : "", entry->route->method,
                         g_str_equal(entry->route->method, "GET") ? ",HEAD" : "");
    }
    return any != NULL;
}

static const char *join_rest(Arena *arena, const char *const *segments)
{
    g_autofree char *joined = g_strjoinv("/", (char **)segments);

    return arena_strdup(arena, joined);
}

/* The depth is bounded by the deepest route, not by the request. */
static gboolean search_node(Search *search, const Node *node, const char *const *segments)
{
    guint captured = search->count;
    const Node *literal;

    if (!segments[0])
        return take_method(search, node->entries);
    literal = g_hash_table_lookup(node->literals, segments[0]);
    if (literal && search_node(search, literal, segments + 1))
        return TRUE;
    for (guint i = 0; segments[0][0] && i < node->parameters->len; i++) {
        const Parameter *parameter = node->parameters->pdata[i];
        gsize length = strlen(segments[0]), suffix = strlen(parameter->suffix);

        if (length <= suffix || !g_str_has_suffix(segments[0], parameter->suffix))
            continue;
        search->captured[search->count++] =
            suffix ? arena_strndup(search->arena, segments[0], length - suffix) : segments[0];
        if (search_node(search, parameter->node, segments + 1))
            return TRUE;
        search->count = captured;
    }
    if (node->rests->len == 0 || !take_method(search, node->rests))
        return FALSE;
    search->captured[search->count++] = join_rest(search->arena, segments);
    return TRUE;
}

void http_router_match(const HttpRouter *router, Arena *arena, const char *method,
                       const char *const *segments, RouteMatch *match)
{
    Search search = {.arena = arena,
                     .method = method,
                     .captured = arena_new0(arena, const char *, PARAMETERS_MAX)};
    gboolean found = search_node(&search, router->root, segments);

    *match = (RouteMatch){.entry = found ? search.found : NULL,
                          .captured = search.captured,
                          .allow = found ? NULL : search.allow};
}

void http_router_each(const HttpRouter *router, void (*each)(RouteEntry *entry, void *data),
                      void *data)
{
    for (guint i = 0; i < router->entries->len; i++)
        each(router->entries->pdata[i], data);
}
