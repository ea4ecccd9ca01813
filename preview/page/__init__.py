"""A change as one page for a browser: risks first, the system drawn, every value that changes.

The page is one file that asks for nothing: no script, style or picture from anywhere. It reads
without JavaScript; what JavaScript adds is a panel beside the drawing, a search and a filter.
"""

from __future__ import annotations

from preview.page.page import page

__all__ = ["page"]
