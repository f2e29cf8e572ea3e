#include "catalog/query/listing.h"
#include "catalog/query/fields.h"
#include <string.h>

#define JSON_TYPE "application/json; charset=utf-8"
#define WHOLE_MAX 1000 /* entities that are written at once */
#define PIECE_BYTES 65536

typedef struct {
    Snapshot *snapshot;
    GArray *ids;
    guint next;
    const char *const *fields;
    char *before, *after;
    GString *text; /* of one entity */
    gboolean ended;
} Listing;

static void listing_free(void *data)
{
    Listing *listing = data;

    snapshot_release(listing->snapshot);
    g_array_unref(listing->ids);
    g_free(listing->before);
    g_free(listing->after);
    g_string_free(listing->text, TRUE);
    g_free(listing);
}

static void write_entity(Listing *listing, EntityId id, GString *out)
{
    if (id.segment == ENTITY_NONE.segment) {
        g_string_append(out, "null");
        return;
    }
    if (!listing->fields || !*listing->fields) {
        snapshot_text(listing->snapshot, id, out);
        return;
    }
    g_string_truncate(listing->text, 0);
    snapshot_text(listing->snapshot, id, listing->text);
    fields_write(out, listing->text->str, listing->text->len, listing->fields);
}

/* Appends what comes next, about size bytes of it; nothing where all was written. */
static void write_next(Listing *listing, GString *out, gsize size)
{
    gsize start = out->len;

    if (listing->ended)
        return;
    if (listing->next == 0) {
        g_string_append(out, listing->before);
        g_string_append_c(out, '[');
    }
    while (listing->next < listing->ids->len && out->len - start < size) {
        if (listing->next > 0)
            g_string_append_c(out, ',');
        write_entity(listing, g_array_index(listing->ids, EntityId, listing->next++), out);
    }
    if (listing->next < listing->ids->len)
        return;
    g_string_append_c(out, ']');
    g_string_append(out, listing->after);
    listing->ended = TRUE;
}

static void next_piece(void *data, GString *out)
{
    write_next(data, out, PIECE_BYTES);
}

Response *listing_response(Request *request, Snapshot *snapshot, GArray *ids,
                           const char *const *fields, const char *before, const char *after)
{
    Listing *listing = g_new0(Listing, 1);
    GString *out;
    gsize length;

    *listing = (Listing){.snapshot = snapshot,
                         .ids = ids,
                         .fields = fields,
                         .before = g_strdup(before),
                         .after = g_strdup(after),
                         .text = g_string_new(NULL)};
    if (ids->len > WHOLE_MAX)
        return response_pieces(request, 200, JSON_TYPE, next_piece, listing, listing_free);
    out = g_string_sized_new(1024);
    write_next(listing, out, G_MAXSIZE);
    listing_free(listing);
    length = out->len;
    return response_take(200, JSON_TYPE, g_string_free(out, FALSE), length);
}
