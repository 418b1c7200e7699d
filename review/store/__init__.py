"""All SQL of the review room. Nothing here decides who may see what, or how it is shown."""
