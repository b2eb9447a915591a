"""The kinds of rule, a module each, and the table that names them all."""
