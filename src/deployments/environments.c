#include "deployments/deployments_internal.h"

#include <string.h>

enum { NAME_LENGTH_MAX = 63 };

static const char DEFAULT_ENVIRONMENT[] = "production";

static void environment_free(void *data)
{
    Environment *environment = data;

    g_free(environment->name);
    g_hash_table_unref(environment->variables);
    g_free(environment);
}

static void add_environment(Settings *settings, const char *name, gboolean production,
                            const Value *variables)
{
    Environment *environment = g_new0(Environment, 1);

    environment->name = g_strdup(name);
    environment->production = production;
    environment->variables = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < value_count(variables); i++)
        g_hash_table_insert(environment->variables, g_strdup(value_key_at(variables, i)),
                            g_strdup(value_string(value_value_at(variables, i), "")));
    g_ptr_array_add(settings->environments, environment);
}

static void read_environments(Settings *settings, const Value *list)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < value_count(list); i++) {
        const Value *item = value_item(list, i);
        const char *name = value_string(value_get(item, "name"), NULL);

        if (name)
            add_environment(settings, name, value_bool(value_get(item, "production"), false),
                            value_get(item, "variables"));
    }
    if (!settings->environments->len)
        add_environment(settings, DEFAULT_ENVIRONMENT, TRUE, NULL);
    for (guint i = 0; i < settings->environments->len; i++) {
        const Environment *environment = settings->environments->pdata[i];

        g_ptr_array_add(names, g_strdup(environment->name));
    }
    g_ptr_array_add(names, NULL);
    settings->names = (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

static char *keep(Settings *settings, char *text)
{
    g_ptr_array_add(settings->strings, text);
    return text;
}

static void read_mounts(Settings *settings, const Config *config, const Value *list)
{
    SandboxMount end = {0};

    for (guint i = 0; i < value_count(list); i++) {
        const char *from = value_string(value_get(value_item(list, i), "from"), NULL);
        const char *to = value_string(value_get(value_item(list, i), "to"), NULL);
        SandboxMount mount = {0};

        if (!from || !to)
            continue;
        mount.from = keep(settings, config_resolve_path(config, from));
        mount.to = keep(settings, g_strdup(to));
        g_array_append_val(settings->mounts, mount);
    }
    g_array_append_val(settings->mounts, end);
}

static void read_base_url(Settings *settings, const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    int port = uri ? g_uri_get_port(uri) : -1;

    settings->scheme = g_strdup(uri ? g_uri_get_scheme(uri) : "http");
    settings->port = port > 0 ? g_strdup_printf(":%d", port) : g_strdup("");
}

Settings *settings_new(const Config *config)
{
    Settings *settings = g_new0(Settings, 1);

    settings->environments = g_ptr_array_new_with_free_func(environment_free);
    settings->mounts = g_array_new(FALSE, FALSE, sizeof(SandboxMount));
    settings->strings = g_ptr_array_new_with_free_func(g_free);
    read_environments(settings, config_get(config, "deployments.environments"));
    read_mounts(settings, config, config_get(config, "deployments.mounts"));
    read_base_url(settings, config_string(config, "backend.baseUrl", "http://localhost:7007"));
    return settings;
}

void settings_free(Settings *settings)
{
    if (!settings)
        return;
    g_ptr_array_unref(settings->environments);
    g_ptr_array_unref(settings->strings);
    g_array_unref(settings->mounts);
    g_strfreev(settings->names);
    g_free(settings->scheme);
    g_free(settings->port);
    g_free(settings);
}

const Environment *settings_find(const Settings *settings, const char *name, GError **error)
{
    g_autofree char *known = NULL;

    for (guint i = 0; i < settings->environments->len; i++) {
        const Environment *environment = settings->environments->pdata[i];

        if (g_strcmp0(environment->name, name) == 0)
            return environment;
    }
    known = g_strjoinv(", ", settings->names);
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "there is no environment %s; there are: %s",
                name ? name : "without a name", known);
    return NULL;
}

char *settings_url(const Settings *settings, const char *service, const char *environment)
{
    return g_strdup_printf("%s://%s.%s.localhost%s", settings->scheme, service, environment,
                           settings->port);
}

gboolean service_name_check(const char *name, GError **error)
{
    gsize length = name ? strlen(name) : 0;
    gboolean good =
        length > 0 && length <= NAME_LENGTH_MAX && name[0] != '-' && name[length - 1] != '-';

    for (gsize i = 0; good && i < length; i++)
        good = g_ascii_islower(name[i]) || g_ascii_isdigit(name[i]) || name[i] == '-';
    if (!good)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "\"%s\" is no name of a service: it becomes a host name, so it has lower-case"
                    " letters, digits and dashes, %d at most",
                    name ? name : "", NAME_LENGTH_MAX);
    return good;
}
