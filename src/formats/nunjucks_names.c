/* Names: each kept once, and where it is bound to a slot. */
#include "formats/nunjucks_parser_internal.h"

#include <string.h>

enum { NAMES_MIN = 64 };

struct NjBinding {
    const NjName *name;
    int slot;
    NjBinding *next;
};

static void add_name(NjParser *parser, NjName *name)
{
    guint mask = parser->names.size - 1, at = name->hash & mask;

    while (parser->names.slots[at])
        at = (at + 1) & mask;
    parser->names.slots[at] = name;
}

static void grow_names(NjParser *parser)
{
    NjName **old = parser->names.slots;
    guint size = parser->names.size;

    parser->names.size = size ? size * 2 : NAMES_MIN;
    parser->names.slots = arena_new0(parser->arena, NjName *, parser->names.size);
    for (guint i = 0; i < size; i++)
        if (old[i])
            add_name(parser, old[i]);
}

NjName *nj_intern(NjParser *parser, const char *text, gsize length)
{
    guint hash = value_key_hash(text, length);

    if (parser->names.count * 2 >= parser->names.size)
        grow_names(parser);
    guint mask = parser->names.size - 1;

    for (guint at = hash & mask; parser->names.slots[at]; at = (at + 1) & mask) {
        NjName *name = parser->names.slots[at];

        if (name->hash == hash && name->length == length && memcmp(name->text, text, length) == 0)
            return name;
    }
    NjName *name = arena_new0(parser->arena, NjName, 1);

    *name = (NjName){arena_strndup(parser->arena, text, length), length, hash, 0, false, false};
    add_name(parser, name);
    parser->names.count++;
    return name;
}

void nj_list_symbols(NjParser *parser)
{
    NjName **symbols = arena_new0(parser->arena, NjName *, parser->symbols);

    for (guint i = 0; i < parser->names.size; i++) {
        NjName *name = parser->names.slots[i];

        if (name && name->symbol > 0)
            symbols[name->symbol - 1] = name;
    }
    parser->template->symbols = symbols;
    parser->template->symbol_count = parser->symbols;
}

int nj_bind(Arena *arena, NjScope *scope, const NjName *name)
{
    NjBinding *binding = arena_new0(arena, NjBinding, 1);

    *binding = (NjBinding){name, (int)scope->code->slots++, scope->bindings};
    scope->bindings = binding;
    return binding->slot;
}

bool nj_bound(const NjScope *scope, const NjName *name, int *slot, guint *up)
{
    *up = 0;
    for (; scope; scope = scope->parent) {
        for (const NjBinding *binding = scope->bindings; binding; binding = binding->next)
            if (binding->name == name) {
                *slot = binding->slot;
                return true;
            }
        if (scope->parent && scope->parent->code != scope->code)
            (*up)++;
    }
    return false;
}
