"""LEX in the window: a thin face over the functions of `app.lex`."""
