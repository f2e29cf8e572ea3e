/* The hosts that a form may offer for a repository: those of the configuration, each with its kind. */
#include "scaffolder/api/api.h"

#include "scaffolder/scaffolder_internal.h"

/* gitlab.com and github.com are known without being configured; offered are the configured ones. */
static gboolean is_configured(const Scaffolder *scaffolder, Arena *arena, const char *host,
                              const char *kind)
{
    const Value *list =
        config_get(scaffolder->config, arena_printf(arena, "integrations.%s", kind));
    const Value *hosts = config_get(scaffolder->config, "forge.hosts");

    if (value_is(hosts, VALUE_OBJECT) && value_get(hosts, host))
        return TRUE;
    for (guint i = 0; i < value_count(list); i++)
        if (g_str_equal(value_path_string(value_item(list, i), "host", ""), host))
            return TRUE;
    return FALSE;
}

static void add_host(Arena *arena, Value *list, const char *host, const char *kind)
{
    Value *item = value_object_new(arena);

    value_set_string(arena, item, "host", host);
    value_set_string(arena, item, "type", kind);
    value_append(arena, list, item);
}

SCAFFOLDER_HANDLER(scaffolder_api_hosts)
{
    const Scaffolder *scaffolder = room;
    Arena *arena = request_arena(request);
    Value *reply = value_object_new(arena), *list = value_array_new(arena);

    for (guint i = 0; i < value_count(scaffolder->integrations); i++) {
        const char *host = value_key_at(scaffolder->integrations, i);
        const char *kind = value_string(value_value_at(scaffolder->integrations, i), "");
        gboolean builtin = forge_kind_of_host(scaffolder->forge, host) == FORGE_BUILTIN;

        if (is_configured(scaffolder, arena, host, kind))
            add_host(arena, list, host, builtin ? "builtin" : kind);
    }
    if (value_count(list) == 0)
        add_host(arena, list, "github.com", "github");
    value_set(arena, reply, "items", list);
    return response_json(request, 200, reply);
}
