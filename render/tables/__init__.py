"""Tables of the stack graph as Markdown, a module for each family of sections."""
