"""People in; everything below out. The only folder that reads the environment, prints or speaks HTTP."""
