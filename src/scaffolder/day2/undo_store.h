/* SQL of undoing. */
#pragma once
#include "scaffolder/day2/undo.h"

/* UndoEffect * of a task in the order they were remembered. */
gboolean undo_store_effects(DbConn *conn, Arena *arena, const char *task, GPtrArray *effects,
                            GError **error);
/* failure NULL: it was taken back. */
gboolean undo_store_mark(DbConn *tx, const char *task, const UndoEffect *effect,
                         const char *failure, GError **error);
gboolean undo_store_any_undone(DbConn *conn, const char *task, gboolean *any, GError **error);
