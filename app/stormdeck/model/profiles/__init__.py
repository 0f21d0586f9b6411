"""Switch a settings file between profiles: sets of the keys that decide which server Claude Code uses, and how.

How a switch there and back restores every byte:

1. ``keys`` names the keys that belong to a profile; all others are never touched.
2. What is left of a text without these keys (``json_edit.cutting.rest_of``) is the same before and after a switch.
3. A switch changes values where they stand, adds what is missing, and cuts out the rest with an ``env`` that is empty
   then (``switch``). The text before it is remembered under the name of the profile that was in force.
4. Back at that profile, the remembered text is the result if its rest is that of the file as it is now; where the
   profile was changed meanwhile, its values are set in the remembered text.
5. If another program changed something else meanwhile, the file as it is now is edited, and the keys that come back
   are put behind the entries that they followed in the remembered text.
6. Each result is read again: the keys of the profile have its values, and no other value has changed.
"""
