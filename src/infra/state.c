/* Terraform's HTTP backend: state with every version kept and sealed, and its lock.
 *
 * Terraform repeats requests whose answer it did not see, so each may come twice. */
#include "infra/infra_internal.h"
#include "formats/json.h"
#include <string.h>

#define STATE_ARENA_BYTES ((gsize)512 << 20)

void infra_state_reply_clear(InfraStateReply *reply)
{
    g_clear_pointer(&reply->body, g_bytes_unref);
}

static char *seal_context(const InfraWorkspace *workspace)
{
    return g_strconcat("infra.state:", workspace->id, NULL);
}

static void answer(InfraStateReply *reply, unsigned status, const char *text)
{
    reply->status = status;
    if (text)
        reply->body = g_bytes_new(text, strlen(text));
}

gboolean infra_state_read(Infra *infra, const InfraWorkspace *workspace, InfraStateReply *reply,
                          GError **error)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autofree char *context = seal_context(workspace);
    InfraState state = {0};
    GError *why = NULL;
    gboolean found = infra_store_state(db_reader(infra->db), arena, workspace->id, &state, &why);

    if (why) {
        g_propagate_error(error, why);
        return FALSE;
    }
    reply->status = found && state.body ? 200 : 204;
    if (state.body)
        reply->body = secrets_unseal(infra->secrets, context, state.body, error);
    g_clear_pointer(&state.body, g_bytes_unref);
    return reply->status == 204 || reply->body != NULL;
}

/* ---- writing ---- */

struct writing {
    const char *workspace_id, *lock_id, *actor;
    InfraState state;
    InfraStateReply *reply;
    Arena *arena;
};

/* May what carries lock_id (NULL: none) write? Otherwise the reply is the holder's lock. */
static gboolean may_write(DbConn *tx, const struct writing *writing, gboolean *may, GError **error)
{
    InfraLock lock = {0};
    GError *why = NULL;
    gboolean locked = infra_store_lock(tx, writing->arena, writing->workspace_id, &lock, &why);

    if (why) {
        g_propagate_error(error, why);
        return FALSE;
    }
    *may = locked ? g_strcmp0(lock.lock_id, writing->lock_id) == 0 : !writing->lock_id;
    if (!*may) {
        infra_state_reply_clear(writing->reply);
        answer(writing->reply, locked ? 423 : 409,
               locked ? lock.info : "{\"ID\":\"\",\"Info\":\"the lock was released\"}");
    }
    return TRUE;
}

static gboolean write_state(DbConn *tx, void *data, GError **error)
{
    struct writing *writing = data;
    InfraState last = {0};
    GError *why = NULL;
    gboolean may, same;

    if (!may_write(tx, writing, &may, error))
        return FALSE;
    if (!may)
        return TRUE;
    infra_store_state(tx, writing->arena, writing->workspace_id, &last, &why);
    if (why) {
        g_propagate_error(error, why);
        return FALSE;
    }
    g_clear_pointer(&last.body, g_bytes_unref);
    writing->reply->status = 200;
    same = g_strcmp0(last.digest, writing->state.digest) == 0;
    writing->state.version = last.version + 1;
    return same ||
           infra_store_add_state(tx, writing->workspace_id, &writing->state, writing->actor, error);
}

static gboolean digest_matches(const char *body, gsize length, const char *content_md5)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_MD5);
    guint8 digest[16];
    gsize size = sizeof(digest);

    if (!content_md5 || !*content_md5)
        return TRUE;
    g_checksum_update(checksum, (const guchar *)body, (gssize)length);
    g_checksum_get_digest(checksum, digest, &size);
    g_autofree char *encoded = g_base64_encode(digest, size);

    return g_str_equal(encoded, content_md5);
}

gboolean infra_state_write(Infra *infra, const InfraWorkspace *workspace, const char *lock_id,
                           const char *body, gsize length, const char *content_md5,
                           const char *actor, InfraStateReply *reply, GError **error)
{
    g_autoptr(Arena) arena = arena_new(STATE_ARENA_BYTES);
    g_autofree char *context = seal_context(workspace);
    g_autofree char *digest =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)body, length);
    g_autoptr(GBytes) sealed = NULL;
    const Value *parsed = json_parse(arena, body, (gssize)length, error);
    struct writing writing = {.workspace_id = workspace->id,
                              .lock_id = lock_id,
                              .actor = actor,
                              .reply = reply,
                              .arena = arena};

    if (!parsed)
        return FALSE;
    if (!value_is(value_get(parsed, "lineage"), VALUE_STRING) ||
        !value_is_int(value_get(parsed, "serial")) || !digest_matches(body, length, content_md5)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "this is no Terraform state, or it was damaged on its way");
        return FALSE;
    }
    sealed = secrets_seal(infra->secrets, context, body, length, error);
    if (!sealed)
        return FALSE;
    writing.state = (InfraState){.serial = value_int(value_get(parsed, "serial"), 0),
                                 .lineage = value_string(value_get(parsed, "lineage"), ""),
                                 .digest = digest,
                                 .body = sealed};
    return db_write(infra->db, write_state, &writing, NULL, error);
}

gboolean infra_state_delete(Infra *infra, const InfraWorkspace *workspace, const char *lock_id,
                            const char *actor, InfraStateReply *reply, GError **error)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    struct writing writing = {.workspace_id = workspace->id,
                              .lock_id = lock_id,
                              .actor = actor,
                              .state = {.lineage = "", .digest = ""},
                              .reply = reply,
                              .arena = arena};

    /* A version without a body: what was there before is still kept. */
    return db_write(infra->db, write_state, &writing, NULL, error);
}

/* ---- locks ---- */

struct locking {
    const char *workspace_id;
    InfraLock lock;
    InfraStateReply *reply;
    Arena *arena;
};

static gboolean write_lock(DbConn *tx, void *data, GError **error)
{
    struct locking *locking = data;
    InfraLock held = {0};
    GError *why = NULL;
    int64_t taken = infra_store_take_lock(tx, locking->workspace_id, &locking->lock, error);

    infra_state_reply_clear(locking->reply);
    if (taken < 0)
        return FALSE;
    locking->reply->status = 200;
    if (taken > 0)
        return TRUE;
    infra_store_lock(tx, locking->arena, locking->workspace_id, &held, &why);
    if (why) {
        g_propagate_error(error, why);
        return FALSE;
    }
    if (g_strcmp0(held.lock_id, locking->lock.lock_id) != 0)
        answer(locking->reply, 423, held.info);
    return TRUE;
}

gboolean infra_state_lock(Infra *infra, const InfraWorkspace *workspace, const char *info,
                          gsize length, const char *actor, InfraStateReply *reply, GError **error)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const Value *parsed = json_parse(arena, info, (gssize)length, error);
    struct locking locking = {.workspace_id = workspace->id, .reply = reply, .arena = arena};

    if (!parsed)
        return FALSE;
    locking.lock =
        (InfraLock){.lock_id = value_string(value_get(parsed, "ID"), ""), .holder = actor};
    if (!*locking.lock.lock_id) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "a lock needs an ID");
        return FALSE;
    }
    locking.lock.info = json_to_arena(arena, parsed, JSON_COMPACT);
    return db_write(infra->db, write_lock, &locking, NULL, error);
}

static gboolean write_unlock(DbConn *tx, void *data, GError **error)
{
    struct locking *locking = data;
    InfraLock held = {0};
    GError *why = NULL;
    gboolean locked = infra_store_lock(tx, locking->arena, locking->workspace_id, &held, &why);

    infra_state_reply_clear(locking->reply);
    if (why) {
        g_propagate_error(error, why);
        return FALSE;
    }
    locking->reply->status = 200;
    if (!locked)
        return TRUE;
    /* Without an ID: somebody forces it (`terraform force-unlock` sends an empty body). */
    if (*locking->lock.lock_id && !g_str_equal(held.lock_id, locking->lock.lock_id)) {
        answer(locking->reply, 423, held.info);
        return TRUE;
    }
    return infra_store_drop_lock(tx, locking->workspace_id, held.lock_id, error);
}

gboolean infra_state_unlock(Infra *infra, const InfraWorkspace *workspace, const char *info,
                            gsize length, InfraStateReply *reply, GError **error)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const Value *parsed = length > 0 ? json_parse(arena, info, (gssize)length, error) : NULL;
    struct locking locking = {.workspace_id = workspace->id, .reply = reply, .arena = arena};

    if (length > 0 && !parsed)
        return FALSE;
    locking.lock.lock_id = value_string(value_get(parsed, "ID"), "");
    return db_write(infra->db, write_unlock, &locking, NULL, error);
}
