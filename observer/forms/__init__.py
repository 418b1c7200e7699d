"""Forms: what a browser sends becomes fields of records, or a sentence that says what to do."""
