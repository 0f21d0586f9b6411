"""Edit JSON text and change only the bytes of the edited value.

Order, indent, line ends, spacing, duplicate keys and a byte-order mark stay as they were written. The package needs
the standard library only and imports nothing from the rest of stormdeck (an import-linter contract).

>>> from stormdeck.model.json_edit.document import Document
>>> document = Document.parse('{"model": "sonnet",  "env": {}}')
>>> document.set("env.ANTHROPIC_BASE_URL", "http://localhost:8000").text
'{"model": "sonnet",  "env": {"ANTHROPIC_BASE_URL": "http://localhost:8000"}}'
>>> document.remove("model").text
'{"env": {}}'
>>> Document.parse("{'model': 1}").message
'single quotes: JSON needs double quotes'

From a key in the settings form to bytes on the disk:

1. ``ui/widgets/settings/field_row`` posts ``Edited``; ``ui/screens/settings`` hands it to the draft.
2. ``model/editing/draft`` adds the edit and asks ``model/settings/merge`` for a preview.
3. ``document`` finds the entry (``nodes`` knows where each one starts and ends).
4. ``layout`` writes the new entry like its neighbours.
5. ``document`` replaces that stretch of text; ``nodes`` reads only the changed entries again.
6. ``model/rules/collect`` runs the rules once for the new draft.
7. The form, its heading and the counter show that draft.
8. ``s``: ``ui/screens/save`` shows the diff (``model/editing/diff``) with secrets masked.
9. The app hands file and text to the feed, which keeps the screen responsive meanwhile.
10. ``sources/settings`` checks that the file is unchanged, keeps a copy and replaces the file.
"""
