"""The one way out for every money call.

    take -> mark sent -> send -> evidence -> apply            (design section 3)
                          unknown -> verify -> evidence -> apply

Each arrow ends in a COMMIT or in a byte on the wire; the boundaries have names (points.py), and the crash
tests kill a worker at each of them.
"""

import threading

# Set on SIGTERM: no new send starts in this process.
stopping = threading.Event()
