"""Settings for all tests."""

import os

# Tests run side by side: threads of each would only wait for each other. Read when torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
