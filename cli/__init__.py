"""The ``tocsin`` command and the composition root."""
