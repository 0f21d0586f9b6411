"""Find turns, attempts, retries and storms in access logs and transcripts.

From a line to a storm, in the order in which it happens:

* ``intake`` reads a line of a log; ``request`` is what it says: status, connection, and between which two reads of the
  log it was written.
* ``nearest`` decides whether it counts. A proxy's request is seen again by the server behind it, so a request counts
  only if its log is that of the first hop on the client's path at that moment. Requests at other hops are kept: if the
  path turns out to have changed earlier, ``Ledger.recount`` counts them in place of the others. What counted before a
  change of the path stays as it was.
* ``tracker`` joins the attempts of a turn by the log alone (``matching``, ``evidence``, ``ladder``, ``chain``).
* ``transcript`` and ``told`` follow the turns that the clients write down, ``claims`` and ``pairing`` find the line of
  each attempt, whichever hop it went to, and ``account`` counts every attempt once. Attempts without a line count by
  the transcript, with the cause that is proven: refused while nothing listened, timed out by length, else unknown.
* ``balance`` keeps that account up to date in bounded memory; ``ledger`` is the whole of it.
* ``witness`` and ``outlook`` tell how a storm stands; ``identity`` tells which accounts are of one storm and what they
  tell together, over panels and restarts; ``changes`` tells what became of storms between two looks.
"""
