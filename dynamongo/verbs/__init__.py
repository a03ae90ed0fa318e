"""What each verb prepares and finishes, in no colour: `model` executes it blocking, and `aio` awaits it."""
