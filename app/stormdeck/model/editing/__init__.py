"""Edit a settings file as a draft: preview the edits, and show the diff.

From a key press in the form to the text that is saved:

1. The screen calls ``Draft.edit(path, value)``, which returns a new draft.
2. ``settings.merge.preview`` applies the edit: ``json_edit.Document.set`` changes the bytes of that entry only, and the
   changed text is scanned once.
3. ``preview`` updates the effective value of that path from all scopes.
4. The form reads ``values``, ``modified`` and ``findings`` of the draft. Each is computed once per draft.
5. ``findings`` runs the rules (``rules.collect``), then tests each fix on a copy of the values (``rules.fixing``).
6. On save, ``Draft.text`` is written if the file still has the digest with which it was read.

Measured for one typed character: 1 scan and 1 preview, and 1 run of all rules for the text plus about 1 for each fix.
"""
