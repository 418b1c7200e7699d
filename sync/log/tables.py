"""The tables of a log file."""

from sqlite_utils import Database, Migrations

migrations = Migrations("log")


@migrations()
def m001_log(db: Database) -> None:
    """Changes, what is read off them (devices, records, assignments), receipt sheets, forks."""
    for statement in (
        """CREATE TABLE changes (
            position INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, device TEXT NOT NULL,
            seq INTEGER NOT NULL, kind TEXT NOT NULL, record TEXT NOT NULL,
            received_at TEXT NOT NULL, state TEXT NOT NULL, code TEXT, sheet INTEGER,
            payload TEXT, signature TEXT NOT NULL, UNIQUE (device, seq))""",
        "CREATE INDEX changes_by_record ON changes (record)",
        "CREATE TABLE heads (device TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL)",
        """CREATE TABLE devices (device TEXT PRIMARY KEY, author TEXT NOT NULL,
            role TEXT NOT NULL, public_key TEXT NOT NULL, revoked_at TEXT)""",
        """CREATE TABLE records (record TEXT PRIMARY KEY, kind TEXT NOT NULL,
            author TEXT NOT NULL, "case" TEXT)""",
        "CREATE INDEX records_by_kind ON records (kind)",
        'CREATE INDEX records_by_case ON records ("case")',
        """CREATE TABLE assignments (record TEXT PRIMARY KEY, "case" TEXT, author TEXT,
            ended_at TEXT)""",
        """CREATE TABLE sheets (hash TEXT PRIMARY KEY, sheet INTEGER NOT NULL,
            payload TEXT NOT NULL, signature TEXT NOT NULL)""",
        """CREATE TABLE receipts (hash TEXT PRIMARY KEY, state TEXT NOT NULL, code TEXT,
            hub_seq INTEGER NOT NULL, received_at TEXT NOT NULL, sheet TEXT NOT NULL)""",
        """CREATE TABLE forks (hash TEXT PRIMARY KEY, device TEXT NOT NULL, seq INTEGER NOT NULL,
            received_at TEXT NOT NULL, payload TEXT NOT NULL, signature TEXT NOT NULL)""",
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    ):
        db.conn.execute(statement)


@migrations()
def m002_indexes(db: Database) -> None:
    """A push asks for the last sheet, and each change for who is assigned to its case."""
    for statement in (
        "CREATE INDEX sheets_by_number ON sheets (sheet)",
        'CREATE INDEX assignments_by_case ON assignments ("case")',
    ):
        db.conn.execute(statement)


@migrations()
def m003_feed(db: Database) -> None:
    """Pull, erasure, attachments and epochs.

    ``envelope`` is what stays of an erased change: its payload without ``set``. ``held`` says that
    headquarters holds a change. ``created``, ``..._at``, ``begun``, ``ended`` are positions here.
    """
    for statement in (
        "ALTER TABLE changes ADD COLUMN envelope TEXT",
        "ALTER TABLE changes ADD COLUMN held INTEGER NOT NULL DEFAULT 0",
        "UPDATE changes SET held = 1 WHERE sheet IS NOT NULL OR hash IN (SELECT hash FROM receipts)"
        " OR device IN (SELECT device FROM devices WHERE role = 'hub')",
        "ALTER TABLE sheets ADD COLUMN issuer TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE devices ADD COLUMN expires_at TEXT",
        "ALTER TABLE records ADD COLUMN created INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE records ADD COLUMN case_at INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE records ADD COLUMN observation TEXT",
        "ALTER TABLE records ADD COLUMN observation_at INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX records_by_author ON records (author, created)",
        "CREATE INDEX records_by_observation ON records (observation)",
        "ALTER TABLE assignments ADD COLUMN begun INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE assignments ADD COLUMN ended INTEGER",
        "CREATE INDEX assignments_by_author ON assignments (author)",
        "CREATE INDEX changes_not_held ON changes (position) WHERE held = 0",
        """CREATE TABLE erased (hash TEXT PRIMARY KEY, erasure TEXT NOT NULL,
            restated TEXT NOT NULL, position INTEGER NOT NULL)""",
        "CREATE TABLE erased_blobs (sha256 TEXT PRIMARY KEY) WITHOUT ROWID",
        """CREATE TABLE blobs (sha256 TEXT NOT NULL, record TEXT NOT NULL, size INTEGER NOT NULL,
            type TEXT NOT NULL, PRIMARY KEY (sha256, record)) WITHOUT ROWID""",
        """CREATE TABLE sent (hash TEXT PRIMARY KEY, relay TEXT NOT NULL,
            received_at TEXT NOT NULL, sheet TEXT NOT NULL)""",
    ):
        db.conn.execute(statement)


@migrations()
def m004_joins(db: Database) -> None:
    """Which records were ever said to be the same as another; what is so now, the fold says."""
    db.conn.execute(
        """CREATE TABLE joins (record TEXT NOT NULL, kind TEXT NOT NULL, other TEXT NOT NULL,
            PRIMARY KEY (record, other)) WITHOUT ROWID"""
    )


@migrations()
def m005_evidence(db: Database) -> None:
    """Where the change that made a record stood in a former hub's log, when that was proved."""
    db.conn.execute("ALTER TABLE records ADD COLUMN made_seq INTEGER")
