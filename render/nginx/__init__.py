"""nginx on a host, from its routes: the files that it reads, and the scripts that apply them.

See docs/adr/0012-nginx.md. What Caddy does for a route (render/caddy.py), nginx does here.
"""

from __future__ import annotations

from render.nginx.apply import files_script, nginx_script, remove_script
from render.nginx.files import nginx_files

__all__ = ["files_script", "nginx_files", "nginx_script", "remove_script"]
