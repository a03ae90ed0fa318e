"""The libraries that are compared: what each calls the tasks of the suites, dynamongo among them."""
