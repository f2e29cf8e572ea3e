/* Secrets and variables of GitHub's Actions. */
#include "scaffolder/actions/github/github.h"

#include <sodium.h>

/* What only GitHub can open: an anonymous box for the public key of the repository. */
static const char *seal(Hosting *hosting, const Value *key, const char *text, GError **error)
{
    gsize length = 0;
    g_autofree guchar *public_key = g_base64_decode(value_path_string(key, "key", ""), &length);
    gsize size = strlen(text) + crypto_box_SEALBYTES;
    g_autofree guchar *sealed = g_malloc(size);

    if (length != crypto_box_PUBLICKEYBYTES ||
        crypto_box_seal(sealed, (const guchar *)text, strlen(text), public_key) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE,
                    "GitHub gave no public key that secrets can be sealed for");
        return NULL;
    }
    g_autofree char *encoded = g_base64_encode(sealed, size);

    return arena_strdup(hosting->arena, encoded);
}

static gboolean put_secret(Hosting *hosting, const char *base, const Value *key, const char *name,
                           const char *text, GError **error)
{
    Arena *arena = hosting->arena;
    Value *body = value_object_new(arena);
    const char *path = arena_printf(arena, "%s/secrets/%s", base, forge_escape(arena, name));
    const char *sealed = hosting->run->dry ? "" : seal(hosting, key, text, error);

    if (!sealed)
        return FALSE;
    value_set_string(arena, body, "encrypted_value", sealed);
    value_set_string(arena, body, "key_id", value_path_string(key, "key_id", ""));
    if (!hosting_send(hosting, "PUT", path, body, error))
        return FALSE;
    hosting_effect(hosting,
                   &(HostingEffect){.operation = "create",
                                    .kind = "secret",
                                    .ref = arena_printf(arena, "%s:%s", github_name(hosting), name),
                                    .undo_method = "DELETE",
                                    .undo_path = path});
    return TRUE;
}

gboolean github_put_secrets(Hosting *hosting, const char *base, const Value *secrets,
                            GError **error)
{
    const Value *key;
    bool missing;

    if (value_count(secrets) == 0)
        return TRUE;
    for (guint i = 0; i < value_count(secrets); i++)
        hosting_mask(hosting->run, value_string(value_value_at(secrets, i), NULL));
    key = hosting_get(hosting, arena_printf(hosting->arena, "%s/secrets/public-key", base),
                      &missing, error);
    for (guint i = 0; key && i < value_count(secrets); i++)
        if (!put_secret(hosting, base, key, value_key_at(secrets, i),
                        value_string(value_value_at(secrets, i), ""), error))
            return FALSE;
    return key != NULL;
}

static gboolean put_variable(Hosting *hosting, const char *base, const char *name, const char *text,
                             GError **error)
{
    Arena *arena = hosting->arena;
    const char *list = arena_printf(arena, "%s/variables", base),
               *path = arena_printf(arena, "%s/%s", list, forge_escape(arena, name));
    Value *body = hosting_body(arena, "name", name);
    long status;

    value_set_string(arena, body, "value", text);
    if (!hosting_ask(hosting, "POST", list, body, 409, &status, error) ||
        (status == 409 && !hosting_send(hosting, "PATCH", path, body, error)))
        return FALSE;
    hosting_effect(hosting,
                   &(HostingEffect){.operation = status == 409 ? "update" : "create",
                                    .kind = "variable",
                                    .ref = arena_printf(arena, "%s:%s", github_name(hosting), name),
                                    .undo_method = status == 409 ? NULL : "DELETE",
                                    .undo_path = path});
    return TRUE;
}

gboolean github_put_variables(Hosting *hosting, const char *base, const Value *variables,
                              GError **error)
{
    for (guint i = 0; i < value_count(variables); i++)
        if (!put_variable(hosting, base, value_key_at(variables, i),
                          value_string(value_value_at(variables, i), ""), error))
            return FALSE;
    return TRUE;
}
