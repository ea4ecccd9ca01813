"""Text made from the graph: Caddyfile, shell scripts, Mermaid, tables. Pure."""
