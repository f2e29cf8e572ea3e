/* pave:approval waits until named owners have agreed. */
#include "scaffolder/scaffolder_internal.h"

enum { OWNERS_MAX = 50, MESSAGE_BYTES_MAX = 8000 };

/* A group nobody can find would wait for ever; a person may sign in later. */
static gboolean check_owner(ActionRun *run, const char *ref, GError **error)
{
    g_autoptr(GError) missing = NULL;

    if (catalog_get(run->scaffolder->catalog, run->arena, ref, &missing))
        return TRUE;
    if (!g_error_matches(missing, PAVE_ERROR, ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&missing));
        return FALSE;
    }
    if (g_str_has_prefix(ref, "user:")) {
        action_log(run, "warning", "%s is not in the catalog", ref);
        return TRUE;
    }
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "There is no %s in the catalog: nobody could approve this", ref);
    return FALSE;
}

static const char *const *owners_of(ActionRun *run, const Value *input, GError **error)
{
    const Value *given = value_get(input, "owners");
    bool list = value_is(given, VALUE_ARRAY);
    guint count = list ? value_count(given) : 1;
    const char **owners = arena_new0(run->arena, const char *, MIN(count, OWNERS_MAX) + 1);

    if (count == 0 || count > OWNERS_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "owners must name 1 to %d users or groups",
                    OWNERS_MAX);
        return NULL;
    }
    for (guint i = 0; i < count; i++) {
        const char *text = value_string(list ? value_item(given, i) : given, "");

        owners[i] = catalog_ref(run->arena, text, "group", "default", error);
        if (!owners[i])
            return NULL;
        if (!g_str_has_prefix(owners[i], "user:") && !g_str_has_prefix(owners[i], "group:")) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is neither a user nor a group",
                        owners[i]);
            return NULL;
        }
        if (!check_owner(run, owners[i], error))
            return NULL;
    }
    return owners;
}

static const Value *run_dry(ActionRun *run, const char *const *owners, const char *message)
{
    g_autofree char *names = g_strjoinv(" or ", (char **)owners);
    Value *output = value_object_new(run->arena);

    action_log(run, "info", "Would wait for the approval of %s%s%s", names, *message ? ": " : "",
               message);
    value_set_string(run->arena, output, "decision", "approved");
    value_set_string(run->arena, output, "approvedBy", owners[0]);
    value_set_string(run->arena, output, "reason", "");
    value_set_string(run->arena, output, "approvedAt", "1970-01-01T00:00:00.000Z");
    value_set(run->arena, output, "approvals", value_array_new(run->arena));
    return output;
}

static gboolean timeout_of(const Value *input, int64_t *timeout_ms, GError **error)
{
    const Value *timeout = value_get(input, "timeout");

    *timeout_ms = 0;
    if (!timeout || (config_parse_duration(timeout, timeout_ms) && *timeout_ms > 0))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "timeout is no duration: write {days: 3}, \"12h\" or \"P3D\"");
    return FALSE;
}

static gboolean run_approval(ActionRun *run, const Value *input, const Value **output,
                             GError **error)
{
    const char *const *owners = owners_of(run, input, error);
    const char *message = value_path_string(input, "message", "");
    ApprovalAsk ask = {
        .step = run->step_id,
        .lines = run->step,
        .intent_id = run->intent_id,
        .fresh = run->fresh,
        .step_name = run->name,
        .title = value_path_string(run->runner->template, "entity.metadata.title",
                                   value_path_string(run->runner->template, "entityRef", "")),
        .owners = owners,
        .required = (guint)value_int(value_get(input, "required"), 1),
        .self_approval = value_bool(value_get(input, "selfApproval"), false)};

    if (!owners || !timeout_of(input, &ask.timeout_ms, error))
        return FALSE;
    g_autofree char *masked = masker_mask(run->runner->masker, message, strlen(message));

    if (strlen(masked) > MESSAGE_BYTES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the message is longer than %d bytes",
                    MESSAGE_BYTES_MAX);
        return FALSE;
    }
    ask.message = arena_strdup(run->arena, masked);
    if (run->dry) {
        *output = run_dry(run, owners, ask.message);
        return TRUE;
    }
    return approval_ask(run->scaffolder->approvals, run->job, &ask, output, error);
}

const Action action_pave_approval = {
    .id = "pave:approval",
    .recovery = RECOVERY_REPEAT,
    .dry_run = true,
    .run = run_approval,
};
