"""One module per migration, in the words of the tables that it adds."""
