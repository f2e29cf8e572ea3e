/* What a run leaves behind: outputs, the secrets among them, and the list of resources; all read
 * from the state that Terraform wrote here. */
#include "infra/infra_internal.h"
#include "formats/json.h"
#include <string.h>

#define STATE_ARENA_BYTES ((gsize)512 << 20)

struct results {
    EngineRun *run;
    const Value *outputs; /* of the state */
    GPtrArray *addresses; /* address, type, address, type … */
    const char *scope;    /* of the secrets */
    const Value *before;  /* outputs that were kept until now */
};

/* "component:default/order-service" → "order-service". */
static const char *service_name(const char *service)
{
    const char *slash = strrchr(service, '/');
    const char *colon = strrchr(service, ':');

    return slash ? slash + 1 : colon ? colon + 1 : service;
}

/* "database-url" → "DATABASE_URL". */
static char *secret_name(const char *output)
{
    char *name = g_ascii_strup(output, -1);

    g_strdelimit(name, "-.", '_');
    return name;
}

static gboolean put_secret(const struct results *results, DbConn *tx, const char *output,
                           const Value *value, GError **error)
{
    g_autofree char *name = secret_name(output);
    g_autofree char *json = NULL;
    const char *text = NULL;

    if (value_is(value, VALUE_STRING))
        text = value_string(value, "");
    else if (value && !value_is(value, VALUE_NULL))
        text = json = json_to_string(value, JSON_COMPACT);
    return secrets_put(results->run->infra->secrets, tx, results->scope, name, text, error);
}

static gboolean write_outputs(const struct results *results, DbConn *tx, GError **error)
{
    const char *workspace_id = results->run->run->workspace_id;

    for (guint i = 0; i < value_count(results->outputs); i++) {
        const char *name = value_key_at(results->outputs, i);
        const Value *output = value_value_at(results->outputs, i);
        const Value *value = value_get(output, "value");
        gboolean sensitive = value_bool(value_get(output, "sensitive"), false);
        g_autofree char *json = sensitive ? NULL : json_to_string(value, JSON_COMPACT);

        if (!infra_store_add_output(tx, workspace_id, name, sensitive, json, error) ||
            (sensitive && !put_secret(results, tx, name, value, error)))
            return FALSE;
    }
    return TRUE;
}

/* A secret whose output is gone is gone too. */
static gboolean forget_old_secrets(const struct results *results, DbConn *tx, GError **error)
{
    for (guint i = 0; i < value_count(results->before); i++) {
        const char *name = value_key_at(results->before, i);
        const Value *now = value_get(results->outputs, name);

        if (value_bool(value_get(value_value_at(results->before, i), "sensitive"), false) &&
            !value_bool(value_get(now, "sensitive"), false) &&
            !put_secret(results, tx, name, NULL, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean write_results(DbConn *tx, void *data, GError **error)
{
    const struct results *results = data;
    const char *workspace_id = results->run->run->workspace_id;

    if (!infra_store_clear_results(tx, workspace_id, error) ||
        !forget_old_secrets(results, tx, error) || !write_outputs(results, tx, error))
        return FALSE;
    for (guint i = 0; i + 1 < results->addresses->len; i += 2) {
        if (!infra_store_add_resource(tx, workspace_id, results->addresses->pdata[i],
                                      results->addresses->pdata[i + 1], error))
            return FALSE;
    }
    return TRUE;
}

/* "module.database[0].terraform_data.password", as Terraform prints it. */
static const char *address_of(Arena *arena, const Value *resource, const Value *instance)
{
    const char *module = value_string(value_get(resource, "module"), NULL);
    const Value *key = value_get(instance, "index_key");
    const char *index = "";

    if (value_is(key, VALUE_STRING))
        index = arena_printf(arena, "[\"%s\"]", value_string(key, ""));
    else if (value_is(key, VALUE_NUMBER))
        index = arena_printf(arena, "[%" G_GINT64_FORMAT "]", value_int(key, 0));
    return arena_printf(arena, "%s%s%s%s.%s%s", module ? module : "", module ? "." : "",
                        g_str_equal(value_string(value_get(resource, "mode"), ""), "data") ? "data."
                                                                                           : "",
                        value_string(value_get(resource, "type"), ""),
                        value_string(value_get(resource, "name"), ""), index);
}

static void list_resources(Arena *arena, const Value *state, GPtrArray *addresses)
{
    const Value *resources = value_get(state, "resources");

    for (guint i = 0; i < value_count(resources); i++) {
        const Value *resource = value_item(resources, i);
        const Value *instances = value_get(resource, "instances");

        for (guint k = 0; k < value_count(instances); k++) {
            g_ptr_array_add(addresses,
                            (char *)address_of(arena, resource, value_item(instances, k)));
            g_ptr_array_add(addresses, (char *)value_string(value_get(resource, "type"), ""));
        }
    }
}

static const Value *read_state(EngineRun *run, Arena *arena, GError **error)
{
    g_auto(InfraStateReply) reply = {0};
    g_autoptr(InfraWorkspace) workspace =
        infra_store_workspace(db_reader(run->infra->db), arena, run->run->workspace, error);
    gsize length;

    if (!workspace || !infra_state_read(run->infra, workspace, &reply, error))
        return NULL;
    if (!reply.body)
        return value_object_new(arena);
    const char *text = g_bytes_get_data(reply.body, &length);

    return json_parse(arena, arena_strndup(arena, text, length), (gssize)length, error);
}

const Value *infra_keep_results(EngineRun *run, GError **error)
{
    g_autoptr(Arena) arena = arena_new(STATE_ARENA_BYTES);
    g_autoptr(GPtrArray) addresses = g_ptr_array_new();
    const Value *state = read_state(run, arena, error);
    struct results results = {.run = run, .addresses = addresses};

    if (!state)
        return NULL;
    results.outputs = value_get(state, "outputs");
    results.scope = arena_printf(arena, "service:%s/%s", service_name(run->run->service),
                                 run->run->environment);
    results.before =
        infra_store_outputs(db_reader(run->infra->db), arena, run->run->workspace_id, error);
    if (!results.before)
        return NULL;
    list_resources(arena, state, addresses);
    for (guint i = 0; i < value_count(results.outputs); i++) {
        const Value *output = value_value_at(results.outputs, i);
        gboolean sensitive = value_bool(value_get(output, "sensitive"), false);
        g_autofree char *json = json_to_string(value_get(output, "value"), JSON_COMPACT);

        if (sensitive)
            job_mask(run->job, value_string(value_get(output, "value"), json));
        job_print(run->job, "outputs", "info", "%s = %s", value_key_at(results.outputs, i),
                  sensitive ? "(sensitive)" : json);
    }
    if (!job_write(run->job, write_results, &results, error))
        return NULL;
    return infra_store_outputs(db_reader(run->infra->db), run->arena, run->run->workspace_id,
                               error);
}
