"""What the engine starts: ``pulumi preview --policy-pack policy``."""

import sys
from pathlib import Path

# The folder itself is on the path, its packages stand beside it; installed, they are there anyway.
sys.path.append(str(Path(__file__).resolve().parent.parent))

from policy.pack import serve

serve()
